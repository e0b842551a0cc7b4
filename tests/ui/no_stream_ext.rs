//! Refused: a method of a trait that is not imported. The compiler names the trait, and where it is.

use executor::task;
use reactor::signal::Signals;

fn main() {
    let mut signals = Signals::new(&[15]).unwrap();
    println!("{:?}", task::block_on(signals.next()));
}
