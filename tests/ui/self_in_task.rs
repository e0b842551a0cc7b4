//! Refused: `&self` is borrowed for the call, and the task goes on after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use executor::task;

struct Server {
    visits: Arc<AtomicU32>,
}

impl Server {
    fn serve(&self) -> task::JoinHandle<u32> {
        task::spawn(async move {
            task::yield_now().await;
            self.visits.fetch_add(1, Ordering::Relaxed)
        })
    }
}

fn main() {
    let server = Server { visits: Arc::default() };
    println!("{}", task::block_on(server.serve()));
}
