//! Refused: a closure's type cannot say that its future borrows from its argument.

use executor::task;

async fn each(names: &[String], greet: impl AsyncFn(&String)) {
    for name in names {
        greet(name).await;
    }
}

fn main() {
    let names = [String::from("Ada"), String::from("Ben")];
    let greet = |name: &String| async move {
        task::yield_now().await;
        println!("Hello, {name}!");
    };
    task::block_on(each(&names, greet));
}
