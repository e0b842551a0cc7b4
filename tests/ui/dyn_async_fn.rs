//! Refused: each type's `get` returns a future of another type and size, so a table of functions cannot list it.

use executor::task;

trait Store {
    async fn get(&self, key: u32) -> String;
}

struct Shelf;

impl Store for Shelf {
    async fn get(&self, key: u32) -> String {
        task::yield_now().await;
        format!("item {key}")
    }
}

async fn fetch(store: &dyn Store) -> String {
    store.get(7).await
}

fn main() {
    println!("{}", task::block_on(fetch(&Shelf)));
}
