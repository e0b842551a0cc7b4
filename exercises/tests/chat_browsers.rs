//! Exercises of the chapter "Browsers": `stubs/chat_browsers.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_browsers.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_browsers.rs")]
mod chat_browsers;

use chat_browsers::{Refused, is_own_page, line_of};

#[test]
fn exercise_1_only_an_own_page_connects() {
    let names = ["localhost", "chat.example"];
    for (host, origin) in [
        ("localhost:8090", "http://localhost:8090"),
        ("127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("[::1]:8090", "http://[::1]:8090"),
        ("[::1]", "http://[::1]"),
        ("chat.example", "https://chat.example"),
    ] {
        assert!(is_own_page(host, Some(origin), &names), "{origin} is a page of {host}");
    }
    for (host, origin) in [
        ("localhost:8090", "http://evil.example"),
        ("localhost:8090", "http://localhost:9999"),
        ("localhost:8090", "http://localhost:8090.evil.example"),
        ("localhost:8090", "http://evil-localhost:8090"),
        ("localhost:8090", "null"),
    ] {
        assert!(!is_own_page(host, Some(origin), &names), "{origin} is no page of {host}");
    }
    assert!(!is_own_page("localhost:8090", None, &names), "each browser says where a page is from");
}

#[test]
fn exercise_1_a_foreign_name_for_the_own_address_is_refused() {
    for host in ["evil.example:8090", "127.0.0.1.evil.example", "localhost.evil.example"] {
        let origin = format!("http://{host}");
        assert!(!is_own_page(host, Some(&origin), &["localhost"]), "{host} is no name of this server");
    }
}

#[test]
fn exercise_2_a_frame_is_one_line() {
    assert_eq!(line_of("{}", 10), Ok("{}\n".into()));
    assert_eq!(line_of("{}\n", 2), Ok("{}\n".into()));
    assert_eq!(line_of("0123456789x", 10), Err(Refused::TooLong));
    assert_eq!(line_of("caffè", 5), Err(Refused::TooLong), "it is six bytes long");
    assert_eq!(line_of("{}\n{}", 10), Err(Refused::TwoLines));
    assert_eq!(line_of("{}\n\n", 10), Err(Refused::TwoLines));
}
