//! The table of hard cases names one existing test for each case.

use crate::reliability::{has_test, rows};
use crate::source::read;

#[test]
fn each_hard_case_has_its_test() {
    let table = read("docs/hard-cases.md");
    let mut numbers = Vec::new();
    for row in rows(&table) {
        let [number, _case, file, test] = row[..] else { panic!("four cells: {row:?}") };
        let (file, test) = (file.trim_matches('`'), test.trim_matches('`'));
        assert!(has_test(file, test), "{file} has no test {test}");
        numbers.push(number.parse::<u32>().expect("a number"));
    }
    // Case 20 is only documented.
    assert!(read("reactor/src/lib.rs").contains("fork"), "case 20 is documented in reactor/src/lib.rs");
    assert!(numbers.len() > 40, "too few cases: {}", numbers.len());
    let wanted: Vec<u32> = (1..).filter(|&number| number != 20).take(numbers.len()).collect();
    assert_eq!(numbers, wanted);
}
