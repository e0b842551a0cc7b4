//! The log on a disk: posts that wait for the disk share one transaction.
//!
//! A write to a disk takes milliseconds until it is safe. If each post waited for a transaction of its own, the
//! server could carry out a few hundred posts in a second, whoever posts them. So the posts that arrive while
//! the disk is busy are collected, and are the next transaction together (group commit).
//!
//! ```text
//!   append ──▶ queue ──▶ write: take all ──▶ store.append, on another thread ──▶ deliver, in order ──▶ outcome
//!                 ▲                                                                  │
//!                 └──────────────── until the queue is empty ◀───────────────────────┘
//! ```
//!
//! D1  At most one task writes: the append that finds none starts it, and it ends with an empty queue. So the
//!     messages are delivered in the order of their numbers.
//! D2  A post's outcome is sent after its message was delivered. So what a client asks for after its own post
//!     includes it.
//!
//! Used by `log/open`. Next: `log/open`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use executor::sync::oneshot;
use executor::task::{self, JoinHandle};
use reactor::notes;
use reactor::time::sleep;

use super::store::Store;
use super::{Deliver, Limit, Log, LogError, Outcome, Page};

/// Old messages are removed each time that this part of the age has passed, and at least once in an hour.
const PART: u32 = 8;

/// After this many deliveries the writing task lets others run.
const DELIVERIES: usize = 64;

#[derive(Debug)]
pub(super) struct Disk {
    shared: Arc<Shared>,
    /// Removes old messages; `None` if they may become as old as they like.
    removal: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    deliver: Deliver,
    queue: Mutex<Queue>,
    /// The groups that have members. They exist, even if nothing of them was ever kept.
    watched: Mutex<HashSet<Arc<str>>>,
}

#[derive(Debug, Default)]
struct Queue {
    posts: Vec<Post>,
    /// A task writes (D1).
    writing: bool,
    /// Who waits until the queue is empty.
    flushing: Vec<oneshot::Sender<Result<(), LogError>>>,
}

#[derive(Debug)]
struct Post {
    group: String,
    message: String,
    outcome: oneshot::Sender<Result<(), LogError>>,
}

impl Disk {
    pub(super) fn new(store: Store, deliver: Deliver) -> Self {
        let age = store.age();
        let shared = Arc::new(Shared { store, deliver, queue: Mutex::default(), watched: Mutex::default() });
        let removal = age.map(|age| task::spawn(remove_old(shared.clone(), age)));
        Self { shared, removal }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Some(removal) = &self.removal {
            removal.abort();
        }
    }
}

impl Log for Disk {
    fn watch(&self, group: &Arc<str>) -> Outcome<()> {
        self.shared.watched().insert(group.clone());
        Outcome::now(Ok(()))
    }

    fn unwatch(&self, group: &str) {
        self.shared.watched().remove(group);
    }

    fn append(&self, group: &str, message: String) -> Outcome<()> {
        let (sender, outcome) = oneshot::channel();
        let mut queue = self.shared.queue();
        queue.posts.push(Post { group: group.to_owned(), message, outcome: sender });
        let writing = std::mem::replace(&mut queue.writing, true);
        drop(queue);
        if !writing {
            drop(task::spawn(write(self.shared.clone())));
        }
        Outcome::Later(outcome)
    }

    fn read(&self, group: &str, after: u64, limit: Limit) -> Outcome<Page> {
        let exists = self.shared.watched().contains(group);
        let (shared, group) = (self.shared.clone(), group.to_owned());
        on_another_thread(move || shared.store.read(&group, after, limit, exists))
    }

    fn flush(&self) -> Outcome<()> {
        let mut queue = self.shared.queue();
        if !queue.writing {
            return Outcome::now(Ok(()));
        }
        let (sender, outcome) = oneshot::channel();
        queue.flushing.push(sender);
        Outcome::Later(outcome)
    }

    fn close(&self) -> Outcome<()> {
        let shared = self.shared.clone();
        on_another_thread(move || {
            shared.store.close();
            Ok(())
        })
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the posts that wait. Returns `None` if there are none: then the writing task ends.
    fn next_posts(&self) -> Option<Vec<Post>> {
        let mut queue = self.queue();
        if !queue.posts.is_empty() {
            return Some(std::mem::take(&mut queue.posts));
        }
        queue.writing = false; // D1
        let flushing = std::mem::take(&mut queue.flushing);
        drop(queue);
        for sender in flushing {
            let _ = sender.send(Ok(()));
        }
        None
    }

    fn watched(&self) -> MutexGuard<'_, HashSet<Arc<str>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls a function that blocks. If no thread can be started, the outcome is an error.
fn on_another_thread<T: Send + 'static>(
    function: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Outcome<T> {
    let (sender, outcome) = oneshot::channel();
    // Without a thread the closure is dropped, and with it the sender: `Outcome` reports that.
    drop(task::spawn_blocking(move || sender.send(function()).is_ok()));
    Outcome::Later(outcome)
}

/// Writes and delivers what is in the queue, until it is empty.
async fn write(shared: Arc<Shared>) {
    while let Some(posts) = shared.next_posts() {
        let storing = shared.clone();
        let written = task::spawn_blocking(move || {
            let texts: Vec<_> = posts.iter().map(|post| (&*post.group, &*post.message)).collect();
            let numbers = storing.store.append(&texts, |group| storing.watched().contains(group));
            (posts, numbers)
        });
        // Without a thread the posts are dropped, and with them their senders: `Outcome` reports that.
        let Ok((posts, numbers)) = written.try_join().await else { continue };
        if let Err(error) = &numbers {
            notes::stderr().tell(format_args!("server: {error}"));
        }
        for (delivered, post) in posts.into_iter().enumerate() {
            let outcome = match &numbers {
                Ok(numbers) => match numbers[delivered] {
                    Some(number) => {
                        // If the last member has left meanwhile, the message is only kept.
                        shared.deliver.deliver(&post.group, post.message, Some(number));
                        Ok(())
                    }
                    None => Err(LogError::NoSuchGroup),
                },
                Err(error) => Err(error.clone()),
            };
            let _ = post.outcome.send(outcome); // D2. It fails if the connection has ended.
            if delivered % DELIVERIES == DELIVERIES - 1 {
                task::yield_now().await;
            }
        }
    }
}

/// Removes old messages from time to time.
async fn remove_old(shared: Arc<Shared>, age: Duration) {
    let pause = (age / PART).clamp(Duration::from_secs(1), Duration::from_secs(3600));
    loop {
        sleep(pause).await;
        let removing = shared.clone();
        let removed = task::spawn_blocking(move || removing.store.remove_old()).try_join().await;
        if let Ok(Err(error)) = removed {
            notes::stderr().tell(format_args!("server: {error}"));
        }
    }
}
