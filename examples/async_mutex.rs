//! A lock that is held across an await.
//!
//!     cargo run --release --example async_mutex
//!
//! Between two awaits a task has its thread to itself. At an await other tasks may run. A critical section
//! that contains an await needs a lock that makes tasks wait, not threads: `executor::sync::Mutex`. For a
//! section without an await std's mutex is better. (In a task of the pool the compiler does not let its guard
//! cross an await.)

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use executor::sync::Mutex;
use executor::task;
use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use reactor::net::{TcpListener, TcpStream};

const TELLERS: u32 = 10;

fn main() -> io::Result<()> {
    task::block_on(async {
        without_a_lock().await;
        with_a_lock().await;
        first_come_first_served().await;
        std_mutex().await;
        one_connection().await
    })
}

/// Stands for a write that has to wait: the other tasks run meanwhile.
async fn write_down() {
    task::yield_now().await;
}

// ANCHOR: async_mutex_lost
/// Each teller reads the balance, and writes one more. All of them read it before the first one writes.
/// Threads are not the cause: there is only one.
async fn without_a_lock() {
    let balance = Rc::new(Cell::new(0));
    let tellers = (0..TELLERS).map(|_| {
        let balance = balance.clone();
        task::spawn_local(async move {
            let read = balance.get();
            write_down().await;
            balance.set(read + 1);
        })
    });
    for teller in tellers.collect::<Vec<_>>() {
        teller.await;
    }
    println!("{TELLERS} tellers each add 1, without a lock: {}", balance.get());
    assert_eq!(balance.get(), 1);
}
// ANCHOR_END: async_mutex_lost

// ANCHOR: async_mutex_kept
/// The same with a lock. The guard lives across the await. Meanwhile the other tasks wait for the lock, but
/// their thread does not.
async fn with_a_lock() {
    let balance = Rc::new(Mutex::new(0));
    let tellers = (0..TELLERS).map(|_| {
        let balance = balance.clone();
        task::spawn_local(async move {
            let mut balance = balance.lock().await;
            let read = *balance;
            write_down().await;
            *balance = read + 1;
        })
    });
    for teller in tellers.collect::<Vec<_>>() {
        teller.await;
    }
    let balance = *balance.lock().await;
    println!("{TELLERS} tellers each add 1, with a lock:    {balance}");
    assert_eq!(balance, TELLERS);
}
// ANCHOR_END: async_mutex_kept

/// The lock goes to the waiters in the order in which they asked. A task that asks again goes to the end of
/// the queue.
async fn first_come_first_served() {
    let served = Rc::new(Mutex::new(String::new()));
    let customers = ['A', 'B', 'C'].map(|name| {
        let served = served.clone();
        task::spawn_local(async move {
            for _ in 0..4 {
                let mut served = served.lock().await;
                served.push(name);
                task::yield_now().await;
            }
        })
    });
    for customer in customers {
        customer.await;
    }
    let served = served.lock().await;
    println!("Three tasks that lock it repeatedly are served in turn: {}", *served);
    assert_eq!(*served, "ABCABCABCABC");
}

// ANCHOR: async_mutex_std
/// Where there is no await under the lock, std's mutex is the right one, also for tasks of the pool: it is
/// held only briefly, by a thread that is running.
async fn std_mutex() {
    let letters = Arc::new(std::sync::Mutex::new(BTreeMap::new()));
    let readers = ["the rain", "in spain", "stays mainly", "in the plain"].map(|words| {
        let letters = letters.clone();
        task::spawn(async move {
            for letter in words.chars() {
                task::yield_now().await;
                // The guard is dropped at the semicolon, before the next await.
                *letters.lock().unwrap().entry(letter).or_insert(0) += 1;
            }
        })
    });
    for reader in readers {
        reader.await;
    }
    let letters = letters.lock().unwrap();
    println!(
        "Four tasks of the pool counted letters in one map: {} of n, {} of i",
        letters[&'n'], letters[&'i']
    );
    assert_eq!((letters[&'n'], letters[&'i']), (6, 6));
}
// ANCHOR_END: async_mutex_std

// ANCHOR: async_mutex_connection
/// Tasks of the pool share one connection. A request and its response belong together, so each task holds the
/// lock until it has the response.
async fn one_connection() -> io::Result<()> {
    let connection = BufReader::new(connect_to_a_calculator().await?);
    let connection = Arc::new(Mutex::new(connection));
    let requests: Vec<_> = (1..=20)
        .map(|number: u32| {
            let connection = connection.clone();
            task::spawn(async move {
                let mut connection = connection.lock().await;
                connection.get_mut().write_all(format!("{number}\n").as_bytes()).await?;
                let mut response = String::new();
                connection.read_line(&mut response).await?;
                io::Result::Ok((number, response.trim_end().to_owned()))
            })
        })
        .collect();
    let mut responses = Vec::new();
    for request in requests {
        let (number, response) = request.await?;
        assert_eq!(response, (number * number).to_string());
        responses.push(response);
    }
    println!("Twenty tasks shared a connection, and each got its own response: {}", responses.join(" "));
    Ok(())
}
// ANCHOR_END: async_mutex_connection

/// Starts a server that responds to each number with its square, and returns a connection to it.
async fn connect_to_a_calculator() -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = task::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut requests = BufReader::new(stream.clone());
        let mut request = String::new();
        while requests.read_line(&mut request).await? > 0 {
            let number: u32 = request.trim_end().parse().map_err(io::Error::other)?;
            stream.write_all(format!("{}\n", number * number).as_bytes()).await?;
            request.clear();
        }
        io::Result::Ok(())
    });
    drop(server); // It ends when the connection does.
    TcpStream::connect(address).await
}
