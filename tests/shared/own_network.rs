//! Runs a test in a network of its own: this program again, in new namespaces (`unshare`), where it may set
//! addresses, names and limits, and take the network down.

use std::process::Command;

/// In the environment of the program that runs inside.
const INSIDE: &str = "OWN_NETWORK";

/// Runs `test`, which is the body of the test `name`, in a network of its own, after the shell commands of
/// `setup`. It ends in a minute or fails.
pub(crate) fn in_own_network(name: &str, setup: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        test();
        return println!("{name} has run inside");
    }
    let setup = format!("set -e\nip link set lo up\n{setup}\nexec \"$@\"");
    let output = Command::new("timeout")
        .args(["60", "unshare", "--map-root-user", "--mount", "--net", "sh", "-c", &setup, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "")
        .output()
        .expect("`timeout` of coreutils");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && stdout.contains(&format!("{name} has run inside")),
        "it failed inside, or there is no `unshare`, no `ip`, or no right to use them: {}\n{stdout}{stderr}",
        output.status
    );
}
