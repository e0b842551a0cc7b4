//! Refused: a closure inside an async function is still a plain function.

use executor::task;

async fn greet(name: &str) -> String {
    task::yield_now().await;
    format!("Hello, {name}!")
}

async fn greet_all(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| greet(name).await).collect()
}

fn main() {
    println!("{:?}", task::block_on(greet_all(&["Ada", "Ben"])));
}
