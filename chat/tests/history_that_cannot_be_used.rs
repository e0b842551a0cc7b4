//! Histories that a server cannot use: it says why, and names the file. And a disk that is full for a while.

mod common;

use std::error::Error as _;
use std::fs;
use std::io;
use std::process::{Command, Stdio};

use chat::history::Reply;
use chat::server::{Retention, Server};
#[cfg(target_os = "linux")]
use common::history::end;
use common::history::{Directory, ask, kept_after, post, reply};
use common::random::{Random, seed};
use common::{exit_of, size};
use redb::{Database, TableDefinition};
use rustix::io::Errno;

/// Starts a server that must refuse its history. Returns what it says.
fn refusal(directory: &Directory) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.args(["127.0.0.1:0", "--history", directory.0.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(exit_of(&mut child).code(), Some(1));
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    println!("{}", said.trim_end());
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A directory with a history of messages, as a server leaves it that has stopped.
fn with_messages(name: &str, count: u64) -> Directory {
    let directory = Directory::new(name);
    let server = directory.server();
    let (mut client, mut member) = (server.client(), server.client());
    member.join_and_wait("tea");
    post(&mut client, "tea", 1..=count);
    directory
}

#[test]
fn another_server_uses_it() {
    let directory = Directory::new("used");
    let _server = directory.program(&[]);
    let file = directory.file().display().to_string();
    assert_eq!(refusal(&directory), format!("server: history: another server uses {file}\n"));
}

#[test]
fn the_file_is_something_else() {
    let directory = Directory::new("else");
    fs::create_dir_all(&directory.0).unwrap();
    let file = directory.file();
    let name = file.display().to_string();

    fs::write(&file, "these are notes, and no messages\n".repeat(1000)).unwrap();
    let said = refusal(&directory);
    assert!(said.starts_with(&format!("server: history: cannot open {name}: ")), "{said}");

    fs::write(&file, "").unwrap();
    let said = refusal(&directory);
    assert!(said.starts_with(&format!("server: history: cannot open {name}: ")), "{said}");

    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let said = refusal(&directory);
    assert!(said.starts_with(&format!("server: history: cannot open {name}: ")), "{said}");

    fs::remove_dir(&file).unwrap();
    drop(Database::create(&file).unwrap());
    assert_eq!(refusal(&directory), format!("server: history: {name}: this database is not a history\n"));
}

#[test]
fn what_is_left_of_a_creation_that_was_cut_off_is_removed() {
    let directory = Directory::new("left");
    fs::create_dir_all(&directory.0).unwrap();
    let left = directory.0.join("history.redb.new");
    fs::write(&left, [0; 100_000]).unwrap();
    let server = directory.program(&[]);
    server.client().join_and_wait("tea");
    assert!(!left.exists() && directory.file().exists());
}

#[test]
fn the_version_is_another() {
    let directory = with_messages("version", 3);
    let database = Database::open(directory.file()).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("version", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let what = "the history has version 7, this server reads version 1";
    assert_eq!(refusal(&directory), format!("server: history: {}: {what}\n", directory.file().display()));
}

#[test]
fn the_directory_is_a_file_or_may_not_be_written() {
    let directory = Directory::new("file");
    fs::write(&directory.0, "").unwrap();
    let said = refusal(&directory);
    let start = format!("server: history: cannot create {}: ", directory.0.display());
    assert!(said.starts_with(&start), "{said}");
    fs::remove_file(&directory.0).unwrap();

    if rustix::process::geteuid().is_root() {
        println!("not tested: root may write to every directory");
        return;
    }
    fs::create_dir(&directory.0).unwrap();
    let mut permissions = fs::metadata(&directory.0).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&directory.0, permissions).unwrap();
    assert!(refusal(&directory).contains(directory.file().to_str().unwrap()));
}

#[test]
fn the_error_keeps_that_of_the_system_or_of_the_database() {
    let directory = Directory::new("source");
    let refusal = || {
        let options = directory.options(Retention::default());
        let bound = executor::task::block_on(Server::bind("127.0.0.1:0", options));
        bound.map(drop).expect_err("the history cannot be used")
    };
    let (path, file) = (directory.0.display().to_string(), directory.file());

    fs::write(&directory.0, "").unwrap();
    let error = refusal();
    assert_eq!(error.to_string(), format!("history: cannot create {path}: {}", source(&error)));
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(source(&error).raw_os_error(), Some(Errno::EXIST.raw_os_error()));
    fs::remove_file(&directory.0).unwrap();

    fs::create_dir_all(&file).unwrap();
    let error = refusal();
    assert_eq!(error.to_string(), format!("history: cannot open {}: {}", file.display(), source(&error)));
    assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    assert_eq!(source(&error).raw_os_error(), Some(Errno::ISDIR.raw_os_error()));
    fs::remove_dir(&file).unwrap();

    drop(Database::create(&file).unwrap());
    let error = refusal();
    let database = source(&error).get_ref().and_then(|error| error.downcast_ref());
    assert!(matches!(database, Some(redb::Error::Corrupted(_))), "{error:?}");
}

/// The error that another one was made of.
#[track_caller]
fn source(error: &io::Error) -> &io::Error {
    let source = error.source().unwrap_or_else(|| panic!("it has no source: {error}"));
    source.downcast_ref().expect("it is an error of std")
}

/// Opens the history in this process, where a panic would be caught. If that succeeds, returns the messages, or
/// `None` if the server says that they cannot be read.
fn opened(directory: &Directory) -> Option<Option<Vec<String>>> {
    let options = directory.options(Retention::default());
    let bound = executor::task::block_on(Server::bind("127.0.0.1:0", options));
    if let Err(error) = bound.map(drop) {
        assert!(error.to_string().contains(directory.file().to_str().unwrap()), "{error}");
        return None;
    }
    let server = directory.server();
    let mut client = server.client();
    ask(&client, "tea", 0, 0);
    Some(match reply(&mut client) {
        Some(Reply::History { .. }) => Some(kept_after(&mut client, "tea", 0)),
        Some(Reply::Error(why)) => {
            println!("{why}");
            None
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_file_that_is_cut_off_is_refused_or_holds_everything() {
    let mut random = Random(seed());
    let directory = with_messages("cut", 2000);
    let whole = fs::read(directory.file()).unwrap();
    let texts: Vec<String> = (1..=2000).map(|number| number.to_string()).collect();
    assert_eq!(opened(&directory), Some(Some(texts.clone())));
    let mut refused = 0;
    for _ in 0..size(30, 100) {
        // Every second one at the end of a page.
        let length = random.below(whole.len());
        let length = if random.below(2) == 0 { length } else { length & !4095 };
        fs::write(directory.file(), &whole[..length]).unwrap();
        match opened(&directory) {
            None => refused += 1,
            Some(held) => assert_eq!(held, Some(texts.clone()), "cut at {length}"),
        }
    }
    println!("{refused} files were refused");
}

#[test]
#[cfg(target_os = "linux")] // Elsewhere the limit of another process cannot be raised.
fn a_full_disk_refuses_posts_and_passes() {
    use common::Program;
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let directory = Directory::new("full");
    let path = directory.0.to_str().unwrap();
    let server = Program::start_limited("trap '' XFSZ; ulimit -S -f 4000", &["--history", path]);
    let (mut poster, mut member, mut other) = (server.client(), server.client(), server.client());
    member.join_and_wait("tea");
    other.join_and_wait("coffee");
    let text = "x".repeat(20_000);
    let (mut posted, mut seen) = (0, 0);
    // Each waits for the outcome of the one before it: a History request does.
    let why = loop {
        poster.post("tea", &text);
        ask(&poster, "tea", seen, 0);
        match reply(&mut poster) {
            Some(Reply::History { last, .. }) => {
                posted += 1;
                assert_eq!(last, posted);
                member.expect(&common::history::numbered("tea", &text, posted));
                seen = posted;
            }
            Some(Reply::Error(why)) => break why,
            other => panic!("{other:?}"),
        }
    };
    println!("after {posted} posts: {why}");
    assert!(why.starts_with("Group 'tea': not posted: the history cannot be written: "), "{why}");
    poster.expect(&end("tea", posted, false));
    // What is there can be read, and the server goes on.
    assert_eq!(kept_after(&mut server.client(), "tea", 0).len() as u64, posted);
    for _ in 0..5 {
        poster.post("tea", &text);
        poster.expect_error_with("Group 'tea': not posted: the history cannot be written: ");
    }
    let mut new = server.client();
    new.join("milk");
    new.send("[]\n");
    new.expect_error_with("malformed request");

    let unlimited = Rlimit { current: None, maximum: None };
    prlimit(Some(Pid::from_child(&server.child)), Resource::Fsize, unlimited).unwrap();
    // It may still rest before it opens the file again.
    common::eventually("posts succeed again", || {
        poster.post("coffee", "there is space");
        ask(&poster, "tea", posted, 0);
        let reply = reply(&mut poster);
        if let Some(Reply::Error(_)) = reply {
            poster.line();
        }
        matches!(reply, Some(Reply::History { .. }))
    });
    other.expect(&common::history::numbered("coffee", "there is space", 1));
    poster.post("tea", "more");
    member.expect(&common::history::numbered("tea", "more", posted + 1));
}
