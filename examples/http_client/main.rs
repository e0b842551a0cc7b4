//! A web client: `http_client URL...` prints the page at each URL.
//!
//!     cargo run --release --example http_client
//!     cargo run --release --example http_client https://www.rust-lang.org/ http://example.com/
//!
//! Without a URL it starts two servers of its own, one plain and one with TLS, and shows how the client
//! handles good responses and bad ones. The client is in `http`, the server in `local_server`.

#[allow(dead_code, reason = "only the test uses all of it")]
mod http;
mod local_server;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use executor::task;
use http::{Client, Response, get};
use local_server::{Authority, start};

fn main() -> ExitCode {
    let urls: Vec<String> = env::args().skip(1).collect();
    let outcome = task::block_on(async {
        match urls.as_slice() {
            [] => show().await,
            [url] => one(url).await,
            urls => many(urls).await,
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn one(url: &str) -> Result<(), Box<dyn Error>> {
    print!("{}", get(url).recv_string().await?);
    Ok(())
}

// ANCHOR: http_client_many
/// Requests all URLs at once, each in a task of the pool. Prints the results in the order of the arguments.
async fn many(urls: &[String]) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let tasks: Vec<_> = urls.iter().map(|url| task::spawn(get(url).recv_string())).collect();
    let mut failed = 0;
    for (url, task) in urls.iter().zip(tasks) {
        match task.await {
            Ok(text) => println!("{url}: {} bytes", text.len()),
            Err(error) => {
                println!("{error}");
                failed += 1;
            }
        }
    }
    println!("{} URLs in {:.1?}", urls.len(), begun.elapsed());
    if failed > 0 { Err(format!("{failed} of them failed").into()) } else { Ok(()) }
}
// ANCHOR_END: http_client_many

/// Tries the client with servers of our own.
async fn show() -> Result<(), Box<dyn Error>> {
    let authority = Authority::new()?;
    let plain = format!("http://localhost:{}", start(None).await?);
    let tls = format!("https://localhost:{}", start(Some(authority.acceptor("localhost", 4000)?)).await?);
    let mut client = Client::trusting(authority.roots());
    client.max_body = 1 << 20;
    println!("Two servers of our own: {plain}, and {tls} with a certificate from our own authority.\n");

    for url in [
        format!("{plain}/hello"),
        format!("{plain}/chunked"),
        format!("{plain}/until-close"),
        format!("{tls}/hello"),
        format!("{plain}/steps?3"),
        format!("{plain}/to?{tls}/hello"),
        format!("{tls}/missing"),
    ] {
        let Response { url: from, status, body, .. } = client.get(&url).send().await?;
        println!("GET {url}");
        if url != from.to_string() {
            println!("    redirected to {from}");
        }
        println!("    {status}: {}", String::from_utf8_lossy(&body).trim_end());
    }

    at_once(&client, &tls).await?;
    refusals(&client, &authority, &plain, &tls).await
}

/// A hundred responses that take 20 ms each, all at once. Waiting for them costs nothing.
async fn at_once(client: &Client, server: &str) -> Result<(), Box<dyn Error>> {
    const MANY: usize = 100;
    let begun = Instant::now();
    let tasks: Vec<_> =
        (0..MANY).map(|n| task::spawn(client.get(&format!("{server}/slow?{n}")).recv_string())).collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await?, format!("Response {n}, after 20 ms.\n"));
    }
    println!(
        "\n{MANY} requests over TLS at once, each of which takes the server 20 ms: {:.0?}",
        begun.elapsed()
    );
    Ok(())
}

// ANCHOR: http_client_refusals
/// Requests that must fail. Prints their errors.
async fn refusals(
    client: &Client,
    authority: &Authority,
    plain: &str,
    tls: &str,
) -> Result<(), Box<dyn Error>> {
    let elsewhere = start(Some(authority.acceptor("elsewhere.example", 4000)?)).await?;
    let expired = start(Some(authority.acceptor("localhost", 2001)?)).await?;
    let mut impatient = client.clone();
    impatient.timeout = Duration::from_millis(100);
    println!("\nRefused:\n");
    for request in [
        get(&format!("{tls}/hello")), // This one trusts Mozilla's authorities, not ours.
        client.get(&format!("https://localhost:{elsewhere}/hello")),
        client.get(&format!("https://localhost:{expired}/hello")),
        client.get(&format!("{plain}/missing")),
        client.get(&format!("{plain}/circle")),
        client.get(&format!("{tls}/to?{plain}/hello")),
        client.get(&format!("{plain}/cut-length")),
        client.get(&format!("{plain}/endless")),
        impatient.get(&format!("{plain}/silent")),
        client.get("ftp://localhost/hello"),
        client.get("http://localhost:1/hello"),
    ] {
        let error = request.recv_string().await.expect_err("it must be refused");
        println!("    {error}");
    }
    Ok(())
}
// ANCHOR_END: http_client_refusals
