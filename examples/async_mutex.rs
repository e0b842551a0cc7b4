//! A lock that is held across an await.
//!
//!     cargo run --release --example async_mutex
//!
//! Between two awaits a task has its thread for itself; at an await all others may run. What must stay together
//! across an await needs a lock, and a lock that makes tasks wait, not threads: `executor::sync::Mutex`. For
//! anything shorter std's is better. (The compiler does not let its guard cross an await in a task of the pool.)

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use executor::sync::Mutex;
use executor::task;
use reactor::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use reactor::net::{TcpListener, TcpStream};
use reactor::time::sleep;

const TELLERS: u32 = 10;

fn main() -> io::Result<()> {
    task::block_on(async {
        without().await;
        with().await;
        in_line().await;
        for_a_moment().await;
        one_connection().await
    })
}

/// What it takes to write a number down.
async fn write_down() {
    sleep(Duration::from_millis(1)).await;
}

// ANCHOR: async_mutex_lost
/// Each teller reads the balance, and writes down one more. All of them have read it before the first
/// writes: no thread is to blame, there is only one.
async fn without() {
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
    println!("{TELLERS} tellers put in 1 each, without a lock: {}", balance.get());
    assert_eq!(balance.get(), 1);
}
// ANCHOR_END: async_mutex_lost

// ANCHOR: async_mutex_kept
/// The same with a lock. The guard lives across the await; the others wait for it meanwhile, and their
/// thread does not.
async fn with() {
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
    println!("{TELLERS} tellers put in 1 each, with one:       {balance}");
    assert_eq!(balance, TELLERS);
}
// ANCHOR_END: async_mutex_kept

/// The lock is handed on in the order of asking. A task that has had it goes to the end of the queue.
async fn in_line() {
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
    println!("Three who want it again and again are served in turn: {}", *served);
    assert_eq!(*served, "ABCABCABCABC");
}

// ANCHOR: async_mutex_std
/// Where no await is under the lock std's mutex is the right one, also for tasks of the pool: it is held for a
/// moment, by a thread that is running.
async fn for_a_moment() {
    let letters = Arc::new(std::sync::Mutex::new(BTreeMap::new()));
    let readers = ["the rain", "in spain", "stays mainly", "in the plain"].map(|words| {
        let letters = letters.clone();
        task::spawn(async move {
            for letter in words.chars() {
                task::yield_now().await;
                // The guard is gone at the semicolon, before the next await.
                *letters.lock().unwrap().entry(letter).or_insert(0) += 1;
            }
        })
    });
    for reader in readers {
        reader.await;
    }
    let letters = letters.lock().unwrap();
    println!(
        "Four tasks of the pool counted letters in one map: {} times n, {} times i",
        letters[&'n'], letters[&'i']
    );
    assert_eq!((letters[&'n'], letters[&'i']), (6, 6));
}
// ANCHOR_END: async_mutex_std

// ANCHOR: async_mutex_connection
/// Tasks of the pool share one connection. A request and its response belong together: the task that asks keeps
/// the lock until the response is there.
async fn one_connection() -> io::Result<()> {
    let connection = BufReader::new(connect_to_a_calculator().await?);
    let connection = Arc::new(Mutex::new(connection));
    let questions: Vec<_> = (1..=20)
        .map(|number: u32| {
            let connection = connection.clone();
            task::spawn(async move {
                let mut connection = connection.lock().await;
                connection.get_mut().write_all(format!("{number}\n").as_bytes()).await?;
                let mut answer = String::new();
                connection.read_line(&mut answer).await?;
                io::Result::Ok((number, answer.trim_end().to_owned()))
            })
        })
        .collect();
    let mut answers = Vec::new();
    for question in questions {
        let (number, answer) = question.await?;
        assert_eq!(answer, (number * number).to_string());
        answers.push(answer);
    }
    println!("Twenty tasks share a connection, and each got its own response: {}", answers.join(" "));
    Ok(())
}
// ANCHOR_END: async_mutex_connection

/// A server that replies to each number with its square, in a task of its own.
async fn connect_to_a_calculator() -> io::Result<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = task::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut questions = BufReader::new(stream.clone());
        let mut question = String::new();
        while questions.read_line(&mut question).await? > 0 {
            let number: u32 = question.trim_end().parse().map_err(io::Error::other)?;
            stream.write_all(format!("{}\n", number * number).as_bytes()).await?;
            question.clear();
        }
        io::Result::Ok(())
    });
    drop(server); // It ends when the connection does.
    TcpStream::connect(address).await
}
