//! Refused: a plain function has no caller that could poll it again, so it cannot wait.

use executor::task;

async fn greet(name: &str) -> String {
    task::yield_now().await;
    format!("Hello, {name}!")
}

fn print_greeting() {
    println!("{}", greet("Ada").await);
}

fn main() {
    print_greeting();
}
