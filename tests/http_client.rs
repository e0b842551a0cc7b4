//! The example web client against local servers: what it receives, and what it refuses.

#[path = "../examples/http_client/http.rs"]
mod http;
#[path = "../examples/http_client/local_server.rs"]
mod local_server;

use std::io;
use std::time::Duration;

use executor::task;
use http::{Client, Error, Step, get};
use local_server::{Authority, start};
use reactor::net::TcpListener;

/// A plain server, one with TLS, and a client that trusts it.
struct Servers {
    authority: Authority,
    client: Client,
    plain: String,
    tls: String,
}

/// Runs a test with servers.
fn with_servers(test: impl AsyncFnOnce(Servers)) {
    task::block_on(async {
        let authority = Authority::new().unwrap();
        let tls = start(Some(authority.acceptor("localhost", 4000).unwrap())).await.unwrap();
        let servers = Servers {
            client: Client::trusting(authority.roots()),
            authority,
            plain: format!("http://localhost:{}", start(None).await.unwrap()),
            tls: format!("https://localhost:{tls}"),
        };
        test(servers).await;
    });
}

/// Demands that the request fails at this step, with an error that names the URL and contains `part`.
#[track_caller]
fn refused<T>(outcome: Result<T, Error>, url: &str, step: Step, part: &str) {
    let error = outcome.err().unwrap_or_else(|| panic!("{url} must be refused"));
    let text = error.to_string();
    assert_eq!(error.step, step, "{text}");
    assert!(text.starts_with(&format!("{url}: {step}: ")), "{url} is not named in: {text}");
    assert!(text.contains(part), "{part:?} is not in: {text}");
}

#[test]
fn a_page_arrives_plain_and_encrypted() {
    with_servers(async |Servers { client, plain, tls, .. }| {
        for server in [plain, tls] {
            let response = client.get(&format!("{server}/hello")).send().await.unwrap();
            assert_eq!(response.status, 200);
            assert_eq!(response.headers["content-type"], "text/plain");
            assert_eq!(response.body, b"Hello, client!\n");
            assert_eq!(
                client.get(&format!("{server}/hello")).recv_string().await.unwrap(),
                "Hello, client!\n"
            );
        }
    });
}

#[test]
fn the_request_names_its_host_and_ends_its_connection() {
    with_servers(async |Servers { client, plain, .. }| {
        let request = client.get(&format!("{plain}/request?a=b#c")).recv_string().await.unwrap();
        let mut lines = request.lines();
        assert_eq!(lines.next(), Some("GET /request?a=b HTTP/1.1"));
        let headers: Vec<&str> = lines.collect();
        assert!(
            headers.contains(&&*format!("host: {}", plain.strip_prefix("http://").unwrap())),
            "{request}"
        );
        assert!(headers.contains(&"connection: close"), "{request}");
    });
}

#[test]
fn every_kind_of_body_arrives_whole() {
    with_servers(async |Servers { client, plain, tls, .. }| {
        for server in [plain, tls] {
            for (path, body) in [
                ("chunked", "Hello, chunks!\n"),
                ("until-close", "Hello, till the end!\n"),
                ("early-hints", "Hello, after a hint!\n"),
                ("nothing", ""),
            ] {
                let url = format!("{server}/{path}");
                assert_eq!(client.get(&url).recv_string().await.unwrap(), body, "{url}");
            }
        }
    });
}

#[test]
fn another_status_is_reported() {
    with_servers(async |Servers { client, plain, .. }| {
        let url = format!("{plain}/missing");
        let response = client.get(&url).send().await.unwrap();
        assert_eq!(response.status, 404);
        assert_eq!(response.body, b"There is no such page.\n");
        refused(client.get(&url).recv_string().await, &url, Step::Status, "404 Not Found");
    });
}

#[test]
fn what_is_not_utf_8_is_bytes_but_no_text() {
    with_servers(async |Servers { client, plain, .. }| {
        let url = format!("{plain}/latin-1");
        assert_eq!(client.get(&url).send().await.unwrap().body, b"caf\xe9");
        refused(client.get(&url).recv_string().await, &url, Step::Body, "utf-8");
    });
}

#[test]
fn redirects_are_followed_to_another_path_and_another_scheme() {
    with_servers(async |Servers { client, plain, tls, .. }| {
        for (url, end) in [
            (format!("{plain}/steps?3"), format!("{plain}/hello")),
            (format!("{plain}/to?hello"), format!("{plain}/hello")),
            (format!("{plain}/to?/a/b"), format!("{plain}/a/b")),
            (format!("{plain}/to?{tls}/hello"), format!("{tls}/hello")),
            (format!("{tls}/to?//{}/hello", &tls["https://".len()..]), format!("{tls}/hello")),
        ] {
            let response = client.get(&url).send().await.unwrap();
            assert_eq!(response.status, 200);
            assert_eq!(response.url.to_string(), end, "{url}");
        }
    });
}

#[test]
fn the_number_of_redirects_is_limited() {
    with_servers(async |Servers { client: mut ten, plain, .. }| {
        // `steps?9` is ten redirects away from its end.
        assert!(ten.get(&format!("{plain}/steps?9")).send().await.is_ok());
        let url = format!("{plain}/steps?10");
        let last = format!("{plain}/steps?0");
        refused(ten.get(&url).send().await, &last, Step::Redirect, "more than 10 in a row");

        ten.max_redirects = 0;
        let url = format!("{plain}/to?hello");
        refused(ten.get(&url).send().await, &url, Step::Redirect, "more than 0 in a row");
        assert!(ten.get(&format!("{plain}/hello")).send().await.is_ok());
    });
}

#[test]
fn a_cycle_of_redirects_is_refused() {
    with_servers(async |Servers { client, plain, .. }| {
        let url = format!("{plain}/circle");
        refused(client.get(&url).send().await, &url, Step::Redirect, "a loop, back to ");
    });
}

#[test]
fn a_redirect_to_nowhere_is_refused() {
    with_servers(async |Servers { client, plain, tls, .. }| {
        let refuse = async |path: &str, part: &str| {
            let url = format!("{tls}/{path}");
            refused(client.get(&url).send().await, &url, Step::Redirect, part);
        };
        refuse("nowhere", "location").await;
        refuse("to?ftp://localhost/hello", "ftp").await;
        refuse("to?https://user@localhost/hello", "user name").await;
        // An encrypted connection is never redirected to an unencrypted one.
        refuse(&format!("to?{plain}/hello"), "not encrypted").await;
    });
}

#[test]
fn a_certificate_by_an_unknown_authority_is_refused() {
    with_servers(async |Servers { tls, .. }| {
        let url = format!("{tls}/hello");
        refused(get(&url).send().await, &url, Step::Handshake, "UnknownIssuer");
        let stranger = Client::trusting(Authority::new().unwrap().roots());
        refused(stranger.get(&url).send().await, &url, Step::Handshake, "invalid peer certificate");
    });
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    with_servers(async |Servers { authority, client, tls, .. }| {
        let elsewhere = start(Some(authority.acceptor("elsewhere.example", 4000).unwrap())).await.unwrap();
        let url = format!("https://localhost:{elsewhere}/hello");
        refused(client.get(&url).send().await, &url, Step::Handshake, "not valid for name \"localhost\"");
        // The same server under a name that is not on its certificate.
        let url = format!("{}/hello", tls.replace("localhost", "127.0.0.1"));
        refused(client.get(&url).send().await, &url, Step::Handshake, "not valid for name \"127.0.0.1\"");
    });
}

#[test]
fn a_certificate_that_is_no_longer_valid_is_refused() {
    with_servers(async |Servers { authority, client, .. }| {
        let expired = start(Some(authority.acceptor("localhost", 2001).unwrap())).await.unwrap();
        let url = format!("https://localhost:{expired}/hello");
        refused(client.get(&url).send().await, &url, Step::Handshake, "expired");
    });
}

#[test]
fn a_redirect_to_a_wrong_certificate_is_refused_and_names_that_host() {
    with_servers(async |Servers { authority, client, plain, .. }| {
        let elsewhere = start(Some(authority.acceptor("elsewhere.example", 4000).unwrap())).await.unwrap();
        let wrong = format!("https://localhost:{elsewhere}/hello");
        let url = format!("{plain}/to?{wrong}");
        refused(client.get(&url).send().await, &wrong, Step::Handshake, "not valid for name");
    });
}

#[test]
fn what_was_cut_short_is_an_error() {
    with_servers(async |Servers { client, plain, tls, .. }| {
        for (url, step) in [
            (format!("{plain}/cut-head"), Step::Head),
            (format!("{plain}/cut-length"), Step::Body),
            (format!("{plain}/cut-chunk"), Step::Body),
            (format!("{tls}/cut-length"), Step::Body),
            (format!("{tls}/cut-chunk"), Step::Body),
        ] {
            refused(client.get(&url).send().await, &url, step, "closed before its end");
        }
        // Without a length and chunks the end of the connection ends the body, but only if TLS reports that end.
        let url = format!("{tls}/cut-tls");
        refused(client.get(&url).send().await, &url, Step::Body, "close_notify");
        let url = format!("{plain}/nonsense");
        refused(client.get(&url).send().await, &url, Step::Head, "http parse fail");
    });
}

#[test]
fn what_is_too_long_is_refused() {
    with_servers(async |Servers { mut client, plain, .. }| {
        let hello = format!("{plain}/hello");
        client.max_body = "Hello, client!\n".len();
        assert!(client.get(&hello).send().await.is_ok());
        client.max_body -= 1;
        refused(client.get(&hello).send().await, &hello, Step::Body, "longer than 14 bytes");

        client.max_body = 100_000;
        for path in ["huge", "endless"] {
            let url = format!("{plain}/{path}");
            refused(client.get(&url).send().await, &url, Step::Body, "longer than 100000 bytes");
        }
        // The line before a chunk may contain more than its length, and may never end.
        let url = format!("{plain}/endless-chunk");
        refused(client.get(&url).send().await, &url, Step::Body, "a chunk's head is longer than 65536 bytes");
        let url = format!("{plain}/endless-head");
        refused(client.get(&url).send().await, &url, Step::Head, "longer than 65536 bytes");
    });
}

#[test]
fn a_server_that_goes_silent_is_not_waited_for() {
    with_servers(async |Servers { mut client, plain, .. }| {
        // The system accepts the connection, and no byte is ever sent on it.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for (url, step) in [
            (format!("{plain}/silent"), Step::Head),
            (format!("{plain}/slow-body"), Step::Body),
            (format!("http://{address}/"), Step::Head),
            (format!("https://{address}/"), Step::Handshake),
        ] {
            // The step that it reaches in this short time depends on the machine; with more time it is the
            // silent one.
            client.timeout = Duration::from_millis(20);
            let mut outcome = client.get(&url).send().await;
            while outcome.as_ref().is_err_and(|error| error.step != step) && client.timeout.as_secs() < 20 {
                client.timeout *= 2;
                outcome = client.get(&url).send().await;
            }
            refused(outcome, &url, step, &format!("not done within {:?}", client.timeout));
        }
        // With a timeout of zero it must not wait.
        client.timeout = Duration::ZERO;
        let error = client.get(&format!("{plain}/silent")).send().await.unwrap_err();
        assert!(error.to_string().ends_with("not done within 0ns"), "{error}");
    });
}

#[test]
fn a_bad_url_is_refused_before_anything_is_sent() {
    task::block_on(async {
        for (url, part) in [
            ("", "does not begin with http:// or https://"),
            ("localhost/hello", "does not begin with http:// or https://"),
            ("/hello://", "unknown scheme"),
            ("http://", "empty"),
            ("http:///hello", "invalid"),
            ("ftp://localhost/hello", "unknown scheme \"ftp\""),
            ("http://local host/", "invalid uri character"),
            ("http://localhost:99999/", "99999"),
            ("http://localhost:http/", "invalid"),
            ("http://ada:secret@localhost/", "user name"),
        ] {
            refused(get(url).send().await, url, Step::Url, part);
        }
    });
}

#[test]
fn a_refused_connection_is_reported_with_its_address() {
    task::block_on(async {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let url = format!("http://{gone}/hello");
        refused(get(&url).send().await, &url, Step::Connect, &format!("connect {gone}: "));
        // An IPv6 address has brackets in a URL, and none for the system.
        let url = "http://[::1]:1/hello";
        refused(get(url).send().await, url, Step::Connect, "connect [::1]:1: ");
    });
}

/// The causes of an error, from the outermost.
fn causes(error: &Error) -> Vec<&(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source()).collect()
}

#[test]
fn an_error_keeps_its_causes() {
    with_servers(async |Servers { client, plain, .. }| {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = get(&format!("http://{gone}/hello")).send().await.unwrap_err();
        let innermost = causes(&error).last().and_then(|cause| cause.downcast_ref::<io::Error>());
        let innermost = innermost.unwrap_or_else(|| panic!("{error} has no cause"));
        assert!(innermost.raw_os_error().is_some(), "{innermost:?}");

        let url = format!("{plain}/to?http://localhost:99999/");
        let error = client.get(&url).send().await.unwrap_err();
        let parsing = "99999".parse::<u16>().unwrap_err();
        let texts: Vec<String> = causes(&error).iter().map(ToString::to_string).collect();
        let port = format!("port 99999: {parsing}");
        assert_eq!(texts, [format!("to http://localhost:99999/: {port}"), port, parsing.to_string()]);
        let innermost = causes(&error).last().and_then(|cause| cause.downcast_ref::<io::Error>());
        let innermost = innermost.and_then(io::Error::get_ref).and_then(|cause| cause.downcast_ref());
        assert_eq!(innermost, Some(&parsing));
    });
}

#[test]
fn many_requests_run_at_once_on_the_pool_and_on_one_thread() {
    with_servers(async |Servers { client, tls, .. }| {
        let request = |n: usize| client.get(&format!("{tls}/slow?{n}")).recv_string();
        let pool: Vec<_> = (0..50).map(|n| task::spawn(request(n))).collect();
        let local: Vec<_> = (50..100).map(|n| task::spawn_local(request(n))).collect();
        for (n, task) in pool.into_iter().chain(local).enumerate() {
            assert_eq!(task.await.unwrap(), format!("Response {n}, after 20 ms.\n"));
        }
    });
}

#[test]
fn an_error_is_one_line_with_the_url_the_step_and_the_reason() {
    let error = task::block_on(get("gopher://old.example/").send()).unwrap_err();
    assert_eq!(error.to_string(), "gopher://old.example/: the URL: unknown scheme \"gopher\"");
    let _: Box<dyn std::error::Error + Send + Sync> = error.into();
}
