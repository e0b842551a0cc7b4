//! Programs that the compiler must refuse, and its messages.
//!
//! Each `tests/ui/NAME.rs` is a program with one mistake, and `NAME.stderr` the part of the compiler's
//! message that helps; `...` stands for lines that are left out. A correction of a few words must make the
//! same program compile, so the mistake alone is the reason for the refusal.
//!
//! The test calls the compiler as cargo does, with the executor that the test itself was built with. So
//! nothing is built again, and nothing is fetched. If a new compiler changes a message, the file has to
//! follow.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

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

/// Demands that the program is refused with its message, and compiles with the correction.
#[track_caller]
fn refused(name: &str, mistake: &str, cure: &str) {
    let path = format!("tests/ui/{name}.rs");
    let program = fs::read_to_string(root().join(&path)).expect("the program exists");
    let output = compile(&path, &program);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{path} compiles, and must not");
    let expected = fs::read_to_string(root().join(format!("tests/ui/{name}.stderr")))
        .expect("the message's file exists");
    says(&path, &message, &expected);

    assert!(program.contains(mistake), "{path} has no {mistake:?}");
    let output = compile(&path, &program.replace(mistake, cure));
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

/// Compiles a program at `path`, relative to the folder where the compiler runs: its messages use this path.
fn compile(path: &str, program: &str) -> Output {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // ORDERING: Relaxed; only a number that each call gets once.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("refused-{number}"));
    fs::create_dir_all(folder.join("tests/ui")).expect("the target folder is writable");
    fs::write(folder.join(path), program).expect("the target folder is writable");
    let deps = deps();
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .current_dir(&folder)
        .args(["--edition", "2024", "--emit", "metadata", "--color", "never"])
        .arg("--extern")
        .arg(format!("executor={}", newest_executor(&deps).display()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg(path)
        .output()
        .expect("the compiler starts")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the libraries that this test was built with, and its own.
fn deps() -> PathBuf {
    let this = env::current_exe().expect("the program's path is known");
    this.parent().expect("the program is in a folder").to_owned()
}

/// The newest of several builds of the executor: `cargo test` has just built it, or found it up to date.
fn newest_executor(deps: &Path) -> PathBuf {
    let files = fs::read_dir(deps).expect("the folder of this program").flatten();
    let executors = files.filter(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libexecutor-") && name.ends_with(".rlib")
    });
    let newest = executors.max_by_key(|file| file.metadata().and_then(|it| it.modified()).ok());
    newest.unwrap_or_else(|| panic!("no libexecutor-*.rlib in {}", deps.display())).path()
}
