//! Calls the compiler as cargo does, with the crates that the test itself was built with. So nothing is built
//! again, and nothing is fetched.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

/// Compiles a program at `path`, relative to the folder where the compiler runs: its messages use this path. The
/// program may use these of our crates.
pub(crate) fn compile(path: &str, program: &str, crates: &[&str]) -> Output {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    // ORDERING: Relaxed; only a number that each call gets once.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = format!("compiled-{}-{number}", env!("CARGO_CRATE_NAME"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let file = folder.join(path);
    fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("the target folder is writable");
    fs::write(file, program).expect("the target folder is writable");
    let deps = deps();
    let mut command = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(&folder).args(["--edition", "2024", "--emit", "metadata", "--color", "never"]);
    for name in crates {
        command.arg("--extern").arg(format!("{name}={}", newest(&deps, name).display()));
    }
    command.arg("-L").arg(format!("dependency={}", deps.display())).arg(path);
    command.output().expect("the compiler starts")
}

/// The folder of the libraries that this test was built with, and its own.
fn deps() -> PathBuf {
    let this = env::current_exe().expect("the program's path is known");
    this.parent().expect("the program is in a folder").to_owned()
}

/// The newest of several builds of a crate: `cargo test` has just built it, or found it up to date.
fn newest(deps: &Path, name: &str) -> PathBuf {
    let files = fs::read_dir(deps).expect("the folder of this program").flatten();
    let builds = files.filter(|file| {
        let file = file.file_name();
        let file = file.to_string_lossy();
        file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib")
    });
    let newest = builds.max_by_key(|file| file.metadata().and_then(|it| it.modified()).ok());
    newest.unwrap_or_else(|| panic!("no lib{name}-*.rlib in {}", deps.display())).path()
}
