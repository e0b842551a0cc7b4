//! Refused: nothing says that the caller's future owns what it uses.

use executor::task;

fn in_background<F>(future: F)
where
    F: Future<Output = ()> + Send,
{
    drop(task::spawn(future));
}

fn main() {
    in_background(async { println!("Hello!") });
}
