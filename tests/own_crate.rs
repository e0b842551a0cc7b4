//! The README's "Use it in your own crate" works as it is written: cargo builds the crate, the server echoes, and
//! Control-C ends it.
//!
//! The two blocks become a crate in target/tmp, beside a link to this repository, as the README says. Cargo works
//! offline, with the versions of this repository's lock file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use weave::markdown::section;
use weave::source::{read, root};

/// Long enough for a machine under load.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_readmes_server_echoes_and_stops_at_control_c() {
    let program = build(&crate_of_the_readme());
    let mut server = Killed(Command::new(program).stdout(Stdio::piped()).spawn().expect("it starts"));
    let mut said = String::new();
    let stdout = server.0.stdout.as_mut().expect("stdout is piped");
    BufReader::new(stdout).read_line(&mut said).expect("it prints a line");
    let address = said.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it says {said:?}"));

    let mut clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).expect("it listens")).collect();
    for client in &mut clients {
        client.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
        client.write_all(b"hello").expect("it reads");
    }
    for client in clients.iter_mut().rev() {
        let mut back = [0; 5];
        client.read_exact(&mut back).expect("it writes");
        assert_eq!(&back, b"hello");
    }
    let mut last = clients.pop().expect("there are three");
    last.shutdown(Shutdown::Write).expect("it is connected");
    assert_eq!(last.read_to_end(&mut Vec::new()).expect("no error"), 0, "it ends when its client does");

    interrupt(&server.0);
    let begun = Instant::now();
    let status = loop {
        match server.0.try_wait().expect("it is a child") {
            Some(status) => break status,
            None => assert!(begun.elapsed() < PATIENCE, "it goes on after SIGINT"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(status.code(), Some(0), "{status}");
}

/// Killed if a check fails before it has ended.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn interrupt(child: &Child) {
    let kill = Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status();
    assert!(kill.expect("there is a shell").success());
}

/// Writes the section's blocks to a crate, and returns its folder.
fn crate_of_the_readme() -> PathBuf {
    let readme = read("README.md");
    let section = section(&readme, "## Use it in your own crate").expect("the README has this section");
    let (manifest, program) = (block(section, "toml"), block(section, "rust"));

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own_crate");
    let echo = folder.join("echo");
    fs::create_dir_all(echo.join("src")).expect("the target folder is writable");
    // Inside of target/ cargo would take the crate for a part of this workspace.
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"echo\"]\nexclude = [\"unrolled\"]\n";
    let lock = read("Cargo.lock");
    for (path, text) in [
        (folder.join("Cargo.toml"), workspace),
        (folder.join("Cargo.lock"), &lock),
        (echo.join("Cargo.toml"), manifest),
        (echo.join("src/main.rs"), program),
    ] {
        fs::write(path, text).expect("the target folder is writable");
    }
    let link = folder.join("unrolled");
    let _ = fs::remove_file(&link);
    symlink(root(), link).expect("the target folder takes links");
    echo
}

/// The text of the only block in a language.
fn block<'a>(section: &'a str, language: &str) -> &'a str {
    let blocks: Vec<&str> = section.split(&format!("\n```{language}\n")).skip(1).collect();
    assert_eq!(blocks.len(), 1, "blocks of {language} in the section");
    blocks[0].split("```").next().expect("a split has a first part")
}

/// Builds the crate with cargo, and returns the program.
fn build(folder: &Path) -> PathBuf {
    let target = folder.join("target");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--quiet", "--target-dir"])
        .arg(&target)
        .current_dir(folder)
        .env("CARGO_INCREMENTAL", "0")
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo says:\n{}", String::from_utf8_lossy(&output.stderr));
    target.join("debug/echo")
}
