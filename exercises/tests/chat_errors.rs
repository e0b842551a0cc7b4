//! Exercises of the chapter "Errors and results": `stubs/chat_errors.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_errors.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_errors.rs")]
mod chat_errors;

use std::error::Error;
use std::io;

use chat_errors::{AcceptError, address, classify};

fn parsed(text: &str) -> Result<(String, u16), String> {
    address(Ok(text.to_owned())).map_err(|error| error.to_string())
}

#[test]
fn exercise_1_a_configuration_is_read() {
    assert_eq!(parsed("port=8088\nhost=localhost\n"), Ok(("localhost".to_owned(), 8088)));
    let longer = parsed("hostname=tea\nhost=localhost\nport=8088\n");
    assert_eq!(longer, Ok(("localhost".to_owned(), 8088)), "`hostname` is another key");
}

#[test]
fn exercise_1_each_fault_is_named() {
    assert_eq!(parsed("host=localhost"), Err("port is missing".to_owned()));
    assert_eq!(parsed("host=localhost\nport=tea"), Err("port is \"tea\", not a number".to_owned()));
}

#[test]
fn exercise_1_the_systems_error_is_kept() {
    let error = address(Err(io::Error::from_raw_os_error(2))).expect_err("it cannot be read");
    assert!(error.to_string().starts_with("cannot read the configuration: "), "{error}");
    let source = error.source().expect("the system's error");
    let source = source.downcast_ref::<io::Error>().expect("it is an io::Error");
    assert_eq!(source.kind(), io::ErrorKind::NotFound);
    assert!(address(Ok(String::new())).expect_err("nothing there").source().is_none());
}

#[test]
fn exercise_2_errors_of_accept_are_distinguished() {
    let of = |number| classify(&io::Error::from_raw_os_error(number));
    for number in [12, 23, 24, 105] {
        assert_eq!(of(number), AcceptError::Transient, "{number}: it may work later, but not at once");
    }
    assert_eq!(
        of(103),
        AcceptError::PerConnection,
        "that client is gone, but the next may already be waiting"
    );
    assert_eq!(of(113), AcceptError::PerConnection, "there is no route to that client");
    for number in [9, 22] {
        assert_eq!(of(number), AcceptError::Fatal, "a loop that retries would keep a core busy forever");
    }
}
