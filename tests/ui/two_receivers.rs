//! Refused: a channel of messages has one receiver. A broadcast gives each value to many.

use executor::sync::mpsc::{self, channel};

fn main() {
    let (sender, receiver): (mpsc::Sender<u8>, _) = channel(1);
    let second = receiver.clone();
    drop((sender, receiver, second));
}
