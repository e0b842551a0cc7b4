//! The table of hard cases leads to tests that exist, one a case.

use crate::source::root;

#[test]
fn each_hard_case_has_its_test() {
    let table = std::fs::read_to_string(root().join("docs/hard-cases.md")).expect("docs/hard-cases.md");
    let mut numbers = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains(".rs`")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [number, _case, file, test] = cells[..] else { panic!("four cells: {row}") };
        let (file, test) = (file.trim_matches('`'), test.trim_matches('`'));
        let source =
            std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {test}()")), "{file} has no {test}");
        numbers.push(number.parse::<u32>().expect("a number"));
    }
    // Case 20 is a matter of documentation.
    let wanted: Vec<u32> = (1..=33).filter(|&number| number != 20).collect();
    assert_eq!(numbers, wanted);
}
