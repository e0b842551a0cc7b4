//! What the runtime exists for is written by hand: no other runtime is anywhere in its tree.

use crate::source::read;

const FOREIGN: [&str; 8] = [
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "async-task",
    "blocking",
    "smol",
    "tokio",
];

#[test]
fn no_other_runtime_is_in_the_lock_file() {
    let lock = read("Cargo.lock");
    let names: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    assert!(names.contains(&"polling"), "the lock file lists no `polling`: has its form changed?");
    for name in names {
        assert!(
            !FOREIGN.contains(&name),
            "{name} is in Cargo.lock; `cargo tree -i {name}` shows who brought it"
        );
    }
}
