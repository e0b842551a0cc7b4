//! Every error is a `std::error::Error`, says what happened, and requires no trait of the value.

use std::error::Error;

use executor::sync::{broadcast, mpsc, oneshot};

struct NoDebug;

#[test]
fn errors_say_what_happened() {
    fn says<E: Error + Send + Sync + 'static>(error: E, debug: &str, display: &str) {
        assert_eq!(format!("{error:?}"), debug);
        assert_eq!(error.to_string(), display);
        let _: Box<dyn Error + Send + Sync> = Box::new(error);
    }
    says(oneshot::RecvError, "RecvError", "the sender is gone and has sent nothing");
    says(oneshot::TryRecvError::Empty, "Empty", "nothing was sent yet");
    says(oneshot::TryRecvError::Closed, "Closed", "the sender is gone and has sent nothing");
    says(mpsc::SendError(NoDebug), "SendError(..)", "there is no receiver, or the channel is closed");
    says(mpsc::TrySendError::Full(NoDebug), "Full(..)", "the channel is full");
    says(mpsc::TrySendError::Closed(NoDebug), "Closed(..)", "the channel is closed");
    says(mpsc::TryRecvError::Empty, "Empty", "nothing is queued");
    says(mpsc::TryRecvError::Disconnected, "Disconnected", "every sender is gone, or the channel is closed");
    says(broadcast::SendError(NoDebug), "SendError(..)", "there is no receiver, or the channel is closed");
    says(broadcast::RecvError::Closed, "Closed", "every sender is gone");
    says(broadcast::RecvError::Lagged(3), "Lagged(3)", "the receiver was too slow and missed 3");
    says(broadcast::TryRecvError::Empty, "Empty", "there is nothing to read");
    says(broadcast::TryRecvError::Closed, "Closed", "every sender is gone");
    says(broadcast::TryRecvError::Lagged(3), "Lagged(3)", "the receiver was too slow and missed 3");
}

#[test]
fn values_come_back() {
    assert_eq!(mpsc::SendError(1).0, 1);
    assert_eq!(mpsc::TrySendError::Full(2).into_inner(), 2);
    assert_eq!(mpsc::TrySendError::from(mpsc::SendError(3)), mpsc::TrySendError::Closed(3));
}

#[test]
fn ends_are_send_and_sync() {
    fn send_sync<T: Send + Sync>() {}
    send_sync::<oneshot::Sender<std::cell::Cell<u8>>>();
    send_sync::<oneshot::Receiver<std::cell::Cell<u8>>>();
    send_sync::<mpsc::Sender<std::cell::Cell<u8>>>();
    send_sync::<mpsc::Receiver<std::cell::Cell<u8>>>();
    send_sync::<mpsc::UnboundedSender<std::cell::Cell<u8>>>();
    send_sync::<mpsc::Permit<'_, std::cell::Cell<u8>>>();
    send_sync::<broadcast::Sender<String>>();
    send_sync::<broadcast::Receiver<String>>();
    fn send<T: Send>(_: T) {}
    let (sender, mut receiver) = mpsc::channel::<String>(1);
    send(sender.send(String::new()));
    send(receiver.recv());
    send(receiver.recv_many(&mut Vec::new(), 1));
    send(sender.reserve());
    send(sender.closed());
    let (sender, mut receiver) = broadcast::channel::<String>(1);
    send(receiver.recv());
    send(sender.closed());
    send(oneshot::channel::<std::cell::Cell<u8>>().0.closed());
    drop(sender);
}
