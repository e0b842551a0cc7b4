//! Programs that the compiler must refuse, and its messages.
//!
//! Each `tests/ui/NAME.rs` is a program with one mistake, and `NAME.stderr` the part of the compiler's
//! message that helps; `...` stands for lines that are left out. A correction of a few words must make the
//! same program compile, so the mistake alone is the reason for the refusal.
//!
//! If a new compiler changes a message, the file has to follow.

#[path = "shared/compiler.rs"]
mod compiler;

use std::fs;
use std::path::Path;

use compiler::compile;

#[test]
fn an_rc_across_an_await_may_not_go_to_the_pool() {
    refused("rc_across_await", "std::rc::Rc", "std::sync::Arc as Rc");
    refused("rc_across_await", "task::spawn(", "task::spawn_local(");
    refused("rc_across_await", "task::yield_now().await;\n        format!", "format!");
}

#[test]
fn an_error_of_any_type_across_an_await_may_not_go_to_the_pool() {
    refused("error_across_await", "dyn Error", "dyn Error + Send + Sync");
}

#[test]
fn a_guard_of_stds_mutex_across_an_await_may_not_go_to_the_pool() {
    let held =
        "let mut guard = count.lock().unwrap();\n        task::yield_now().await;\n        *guard += 1;";
    let let_go = "*count.lock().unwrap() += 1;\n        task::yield_now().await;";
    refused("guard_across_await", held, let_go);
}

#[test]
fn a_task_may_not_borrow_from_the_function_that_spawns_it() {
    refused("borrowed_in_task", "async {", "async move {");
}

#[test]
fn what_cannot_be_sent_may_go_to_no_other_thread() {
    refused("rc_in_pool", "std::rc::Rc", "std::sync::Arc as Rc");
    refused("rc_in_blocking", "std::rc::Rc", "std::sync::Arc as Rc");
    refused(
        "rc_in_blocking",
        "spawn_blocking(move || format!(\"Hello, {name}!\"))",
        "spawn_local(async move { format!(\"Hello, {name}!\") })",
    );
    refused("rc_from_task", "task::spawn(", "task::spawn_local(");
    refused("rc_from_task", "std::rc::Rc", "std::sync::Arc as Rc");
    refused("handle_leaves_its_thread", "std::rc::Rc", "std::sync::Arc as Rc");
}

#[test]
fn a_reference_into_a_mutex_may_not_outlive_its_guard() {
    let outlives = "let inside = {\n        let mut guard = task::block_on(count.lock());\n        &mut *guard\n    };\n    *inside += 1;";
    refused("guard_outlives_mutex", outlives, "*task::block_on(count.lock()) += 1;");
}

#[test]
fn a_channel_has_one_receiver() {
    refused("two_receivers", "receiver.clone()", "sender.clone()");
}

/// The compiler names a path that the program can import, and not one of a crate that it does not depend on.
#[test]
fn a_trait_that_is_not_imported_is_named_with_its_place() {
    refused("no_stream_ext", "task;", "{stream::StreamExt, task};");
    refused("no_write_ext", "net::UnixStream;", "{io::AsyncWriteExt, net::UnixStream};");
}

/// Demands that the program is refused with its message, and compiles with the correction.
#[track_caller]
fn refused(name: &str, mistake: &str, cure: &str) {
    let path = format!("tests/ui/{name}.rs");
    let program = fs::read_to_string(root().join(&path)).expect("the program exists");
    let output = compile(&path, &program, &["executor", "reactor"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{path} compiles, and must not");
    let expected = fs::read_to_string(root().join(format!("tests/ui/{name}.stderr")))
        .expect("the message's file exists");
    says(&path, &message, &expected);

    assert!(program.contains(mistake), "{path} has no {mistake:?}");
    let output = compile(&path, &program.replace(mistake, cure), &["executor", "reactor"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{path} is refused even with {cure:?}:\n{message}");
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
