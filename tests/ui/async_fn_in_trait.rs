//! Refused: the trait does not promise that the method's future is `Send`, so no generic code may rely on it.

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

fn fetch<S: Store + Send + Sync + 'static>(store: S) -> task::JoinHandle<String> {
    task::spawn(async move { store.get(7).await })
}

fn main() {
    println!("{}", task::block_on(fetch(Shelf)));
}
