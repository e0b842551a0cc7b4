//! The runtime is written by hand: no other runtime is among its dependencies, direct or indirect.

use crate::source::read;

const OTHER_RUNTIMES: [&str; 8] = [
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
            !OTHER_RUNTIMES.contains(&name),
            "{name} is in Cargo.lock; `cargo tree -i {name}` shows which crate needs it"
        );
    }
}
