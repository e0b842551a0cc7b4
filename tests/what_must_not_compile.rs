//! Programs that the compiler must refuse, its messages, and what cures them.
//!
//! Each `tests/ui/NAME.rs` is a program with one mistake, and `NAME.stderr` the part of the compiler's
//! message that helps; `...` stands for lines that are left out. With each correction of `NAME.cures` the
//! same program must compile, so the mistake alone is the reason for the refusal. The book's chapter "What the
//! compiler says" quotes these files; `docs/weave/src/refused.rs` describes them.
//!
//! If a new compiler changes a message, the file has to follow.

#[path = "shared/compiler.rs"]
mod compiler;

use std::fs;

use compiler::compile;
use weave::refused::Cure;
use weave::source::{read, root};

#[test]
fn what_does_not_run_by_itself_is_awaited() {
    refused("await_outside_async");
    refused("await_in_closure");
    refused("never_awaited");
}

#[test]
fn an_rc_across_an_await_may_not_go_to_the_pool() {
    refused("rc_across_await");
    refused("rc_in_helper");
}

#[test]
fn an_error_of_any_type_across_an_await_may_not_go_to_the_pool() {
    refused("error_across_await");
}

#[test]
fn a_guard_of_stds_mutex_across_an_await_may_not_go_to_the_pool() {
    refused("guard_across_await");
    refused("guard_dropped");
}

/// Where the compiler cannot see the future's type, a signature has to promise what it is.
#[test]
fn what_hides_a_future_must_say_that_it_is_send() {
    refused("boxed_not_send");
    refused("async_fn_in_trait");
}

#[test]
fn a_task_may_not_borrow_from_the_function_that_spawns_it() {
    refused("borrowed_in_task");
    refused("borrowed_argument");
    refused("self_in_task");
    refused("generic_not_static");
}

#[test]
fn a_borrow_across_an_await_lasts_as_long_as_the_future() {
    refused("two_borrowers");
    refused("lending_closure");
}

#[test]
fn a_future_of_unknown_size_or_type_needs_a_box_or_a_name() {
    refused("recursion");
    refused("dyn_async_fn");
    refused("error_type_unknown");
}

#[test]
fn what_is_polled_must_be_pinned_and_stay() {
    refused("not_unpin");
    refused("poll_twice");
    refused("pin_returned");
}

#[test]
fn what_cannot_be_sent_may_go_to_no_other_thread() {
    refused("rc_in_pool");
    refused("rc_in_blocking");
    refused("rc_from_task");
    refused("handle_leaves_its_thread");
}

#[test]
fn a_reference_into_a_mutex_may_not_outlive_its_guard() {
    refused("guard_outlives_mutex");
}

#[test]
fn a_channel_has_one_receiver() {
    refused("two_receivers");
}

/// The compiler names a path that the program can import, and not one of a crate that it does not depend on.
#[test]
fn a_trait_that_is_not_imported_is_named_with_its_place() {
    refused("no_stream_ext");
    refused("no_write_ext");
}

#[test]
fn no_program_is_left_out() {
    let this = include_str!("what_must_not_compile.rs");
    for file in fs::read_dir(root().join("tests/ui")).expect("the folder exists") {
        let path = file.expect("the folder can be read").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("the names are ASCII");
        assert!(this.contains(&format!("refused(\"{name}\")")), "no test compiles tests/ui/{name}.rs");
    }
}

/// Demands that the program is refused with its message, and compiles with each of its cures.
#[track_caller]
fn refused(name: &str) {
    let path = format!("tests/ui/{name}.rs");
    let part = |kind: &str| read(&format!("tests/ui/{name}.{kind}"));
    let program = part("rs");
    let output = compile(&path, &program, &["executor", "reactor"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{path} compiles, and must not");
    says(&path, &message, &part("stderr"));

    for cure in Cure::read(&part("cures")).unwrap_or_else(|what| panic!("{path}: {what}")) {
        let cured = cure.apply(&program).unwrap_or_else(|what| panic!("{path}: {what}"));
        let output = compile(&path, &cured, &["executor", "reactor"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{path} is refused even with \"{}\":\n{message}", cure.title);
    }
}

/// Demands that the blocks between the dots are in the message, in this order.
#[track_caller]
fn says(path: &str, message: &str, expected: &str) {
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim_end).collect();
    let mut from = 0;
    for block in expected.split(|line| *line == "...") {
        let at = lines[from..].windows(block.len()).position(|window| window == block);
        let Some(at) = at else {
            panic!("{path}: the compiler does not say\n\n{}\n\nbut\n\n{message}", block.join("\n"));
        };
        from += at + block.len();
    }
}
