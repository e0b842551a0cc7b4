//! The server with which the chat is compared: the textbook's, on tokio and its broadcast channel. Next: `measure`.
//!
//! It is built as in the textbook's chapter: a task for each connection, a subscription task for each connection
//! and group, an async mutex around the outgoing half, the packet encoded again for each subscriber, no
//! TCP_NODELAY.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chat::{FromClient, FromServer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, error::RecvError};

type Groups = Arc<Mutex<HashMap<Arc<String>, broadcast::Sender<Arc<String>>>>>;
type Outbound = Arc<tokio::sync::Mutex<OwnedWriteHalf>>;

/// Prints its address and serves until the process ends.
pub async fn serve() {
    let groups = Groups::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("it listens"));
    let accepting = async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a client");
            tokio::spawn(serve_one(stream, groups.clone()));
        }
    };
    tokio::spawn(accepting).await.expect("it runs until the process ends");
}

async fn serve_one(stream: TcpStream, groups: Groups) {
    let (inbound, outbound) = stream.into_split();
    let outbound: Outbound = Arc::new(tokio::sync::Mutex::new(outbound));
    let mut lines = BufReader::new(inbound).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line).expect("the load sends valid requests") {
            FromClient::Join { group_name } => {
                let name = Arc::new(group_name);
                let receiver = {
                    let mut groups = groups.lock().unwrap();
                    let new = || broadcast::channel(1000).0;
                    groups.entry(name.clone()).or_insert_with(new).subscribe()
                };
                tokio::spawn(subscribe(name, receiver, outbound.clone()));
            }
            FromClient::Post { group_name, message } => {
                let group = groups.lock().unwrap().get(&group_name).cloned();
                match group {
                    Some(group) => drop(group.send(Arc::new(message))),
                    None => {
                        let text = format!("Group '{group_name}' does not exist");
                        let _ = send(&outbound, &FromServer::Error(text)).await;
                    }
                }
            }
        }
    }
}

/// Sends a group's messages to one member.
async fn subscribe(name: Arc<String>, mut receiver: broadcast::Receiver<Arc<String>>, outbound: Outbound) {
    loop {
        let packet = match receiver.recv().await {
            Ok(message) => FromServer::Message { group_name: name.to_string(), message: message.to_string() },
            Err(RecvError::Lagged(count)) => {
                FromServer::Error(format!("Dropped {count} messages from {name}."))
            }
            Err(RecvError::Closed) => break,
        };
        if send(&outbound, &packet).await.is_err() {
            break;
        }
    }
}

async fn send(outbound: &Outbound, packet: &FromServer) -> std::io::Result<()> {
    let mut line = serde_json::to_string(packet)?;
    line.push('\n');
    let mut outbound = outbound.lock().await;
    outbound.write_all(line.as_bytes()).await?;
    outbound.flush().await
}
