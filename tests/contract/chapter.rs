//! A chat in the form of the *Programming Rust* chapter, with the public interface alone: a reader of that
//! chapter has to change only the `use` lines.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex as TableMutex};

use chat::{FromClient, FromServer, receive_as_json, send_as_json};
use executor::sync::{Mutex, broadcast};
use executor::task;
use futures_lite::StreamExt;
use reactor::io::prelude::*;
use reactor::io::{self, BufReader};
use reactor::net::{TcpListener, TcpStream};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync + 'static>>;

struct Outbound(Mutex<TcpStream>);

impl Outbound {
    async fn send(&self, packet: FromServer) -> Result<()> {
        let mut guard = self.0.lock().await;
        send_as_json(&mut *guard, &packet).await?;
        guard.flush().await?;
        Ok(())
    }
}

#[derive(Default)]
struct Groups(TableMutex<HashMap<String, broadcast::Sender<Arc<String>>>>);

async fn serve(socket: TcpStream, groups: Arc<Groups>) -> Result<()> {
    let outbound = Arc::new(Outbound(Mutex::new(socket.clone())));
    let mut requests = receive_as_json(BufReader::new(socket));
    while let Some(request) = requests.next().await {
        let reply = match request? {
            FromClient::Join { group_name } => {
                let mut table = groups.0.lock().unwrap();
                let group = table.entry(group_name.clone()).or_insert_with(|| broadcast::channel(1000).0);
                drop(task::spawn(subscribe(group_name, group.subscribe(), outbound.clone())));
                continue;
            }
            FromClient::Post { group_name, message } => match groups.0.lock().unwrap().get(&group_name) {
                Some(group) => group.send(Arc::new(message)).err().map(|_| "the group is empty".to_string()),
                None => Some(format!("Group '{group_name}' does not exist")),
            },
        };
        if let Some(text) = reply {
            outbound.send(FromServer::Error(text)).await?;
        }
    }
    Ok(())
}

async fn subscribe(group_name: String, mut posts: broadcast::Receiver<Arc<String>>, to: Arc<Outbound>) {
    loop {
        let packet = match posts.recv().await {
            Ok(message) => {
                FromServer::Message { group_name: group_name.clone(), message: message.to_string() }
            }
            Err(broadcast::RecvError::Lagged(n)) => FromServer::Error(format!("Dropped {n} messages.")),
            Err(broadcast::RecvError::Closed) => break,
        };
        if to.send(packet).await.is_err() {
            break;
        }
    }
}

async fn talk(address: impl reactor::net::ToSocketAddrs) -> Result<Vec<FromServer>> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut to_server = socket.clone();
    for line in ["join tea", "post tea hello", "post coffee hello"] {
        let mut words = line.splitn(3, ' ').skip(1).map(str::to_string);
        let (group_name, message) = (words.next().unwrap(), words.next());
        let request = match message {
            Some(message) => FromClient::Post { group_name, message },
            None => FromClient::Join { group_name },
        };
        send_as_json(&mut to_server, &request).await?;
        to_server.flush().await?;
    }
    let replies = receive_as_json(BufReader::new(socket)).take(2);
    Ok(replies.collect::<Vec<io::Result<FromServer>>>().await.into_iter().collect::<io::Result<_>>()?)
}

#[test]
fn the_chapters_chat_runs() -> Result<()> {
    task::block_on(async {
        let listener = TcpListener::bind("localhost:0").await?;
        let address = listener.local_addr()?;
        let groups = Arc::new(Groups::default());
        let server = task::spawn(async move {
            let mut new_connections = listener.incoming();
            while let Some(socket) = new_connections.next().await {
                drop(task::spawn(serve(socket?, groups.clone())));
            }
            Result::Ok(())
        });
        let mut replies = task::spawn(talk(address)).await?;
        assert!(!server.is_finished());
        server.cancel().await;
        replies.sort_by_key(|reply| matches!(reply, FromServer::Error(_)));
        let message = FromServer::Message { group_name: "tea".to_string(), message: "hello".to_string() };
        assert_eq!(replies, [message, FromServer::Error("Group 'coffee' does not exist".to_string())]);
        Ok(())
    })
}
