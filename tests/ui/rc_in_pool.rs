//! Refused: a program's own pool runs tasks on its threads, as the global pool does.

use std::rc::Rc;

use executor::{pool::Pool, task};

fn main() {
    let pool = Pool::new(1).unwrap();
    let name = Rc::new("Ada");
    let handle = pool.spawn(async move { format!("Hello, {name}!") });
    println!("{}", task::block_on(handle));
}
