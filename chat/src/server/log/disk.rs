//! The log on a disk: posts that wait for the disk share one transaction.
//!
//! A write to a disk takes milliseconds until it is safe. If each post waited for a transaction of its own, the
//! server could carry out a few hundred posts in a second, however many clients post. So the posts that arrive
//! while the disk is busy are collected, and are the next transaction together (group commit).
//!
//! ```text
//!   append ──▶ queue ──▶ write: take all ──▶ store.append, on another thread ──▶ deliver, in order ──▶ outcome
//!                 ▲                                                                  │
//!                 └──────────────── until the queue is empty ◀───────────────────────┘
//! ```
//!
//! - D1  At most one task writes: the append that finds none starts it, and it ends with an empty queue. So the
//!   messages are delivered in the order of their numbers.
//! - [outcome-after-delivery]  A post's outcome is sent after its message was delivered. So what a client asks for
//!   after its own post includes it.
//! - D2  Whether a group exists is decided when the post is made: it does not depend on how busy the disk is.
//! - D3  What waits for the disk is bounded, for all clients together. Beyond [`BUSY`] each connection waits for its own
//!   posts before it makes another; beyond [`MOST`] posts are refused.
//!
//! Used by `log/open`. Next: `log/redis/resp`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use executor::sync::oneshot;
use executor::task::{self, JoinHandle};
use reactor::notes;
use reactor::time::sleep;

use super::store::Store;
use super::{BUSY, DELIVERIES, Deliver, Limit, Log, LogError, MOST, Outcome, Page};

/// Old messages are removed each time that this part of the age has passed, and at least once in an hour.
const PART: u32 = 8;

/// What a post takes besides its texts, in bytes.
const POST: usize = 256;

#[derive(Debug)]
pub(super) struct Disk {
    shared: Arc<Shared>,
    /// Removes old messages; `None` if they may become as old as they like.
    removal: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    deliver: Arc<dyn Deliver>,
    queue: Mutex<Queue>,
    /// The groups that have members. They exist, even if nothing of them was ever kept.
    watched: Mutex<HashSet<Arc<str>>>,
    /// The bytes of all posts whose outcome is not known (D3).
    waiting: Arc<AtomicUsize>,
    /// The last transaction has failed, and that was reported.
    failing: AtomicBool,
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
    /// The group had members when the post was made (D2).
    exists: bool,
    outcome: oneshot::Sender<Result<(), LogError>>,
    _counted: Counted,
}

/// Bytes that are counted until this is dropped (D3).
#[derive(Debug)]
struct Counted(usize, Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        // ORDERING: Relaxed; only counted.
        self.1.fetch_sub(self.0, Ordering::Relaxed);
    }
}

impl Disk {
    pub(super) fn new(store: Store, deliver: Arc<dyn Deliver>) -> Self {
        let age = store.age();
        let shared = Arc::new(Shared {
            store,
            deliver,
            queue: Mutex::default(),
            watched: Mutex::default(),
            waiting: Arc::default(),
            failing: AtomicBool::new(false),
        });
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
        let shared = &self.shared;
        let bytes = group.len() + message.len() + POST;
        // ORDERING: Relaxed; only counted.
        let waiting = shared.waiting.fetch_add(bytes, Ordering::Relaxed);
        let counted = Counted(bytes, shared.waiting.clone());
        if waiting > MOST {
            let text = format!("{waiting} bytes of posts wait for the disk");
            return Outcome::now(Err(LogError::Failed(text)));
        }
        let exists = shared.watched().contains(group);
        let (sender, outcome) = oneshot::channel();
        let post = Post { group: group.to_owned(), message, exists, outcome: sender, _counted: counted };
        let mut queue = shared.queue();
        queue.posts.push(post);
        let writing = std::mem::replace(&mut queue.writing, true);
        drop(queue);
        if !writing {
            drop(task::spawn(write(Writing { shared: shared.clone(), ended: false })));
        }
        Outcome::Later(outcome)
    }

    fn is_busy(&self) -> bool {
        // ORDERING: Relaxed; only counted.
        self.shared.waiting.load(Ordering::Relaxed) > BUSY
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
        if let Some(removal) = &self.removal {
            removal.abort();
        }
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

    /// Reports the first of several failures, and the success after them.
    fn report<T>(&self, outcome: &Result<T, LogError>) {
        // ORDERING: Relaxed; one task at a time writes.
        let failed_before = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !failed_before => notes::stderr().tell(format_args!("server: {error}")),
            Ok(_) if failed_before => {
                notes::stderr().tell(format_args!("server: the history can be written again"));
            }
            _ => {}
        }
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

/// The task that writes. If it is cut off, by a panic or the end of the pool, the posts in the queue fail, and
/// the next append starts another.
struct Writing {
    shared: Arc<Shared>,
    /// The queue says that no task writes: from then on it is the next writer's.
    ended: bool,
}

impl Writing {
    /// Takes the posts that wait. Returns `None` if there are none: then the writing task ends.
    fn next_posts(&mut self) -> Option<Vec<Post>> {
        let mut queue = self.shared.queue();
        if !queue.posts.is_empty() {
            return Some(std::mem::take(&mut queue.posts));
        }
        self.ended = true;
        ended(queue);
        None
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.ended {
            ended(self.shared.queue());
        }
    }
}

/// The writing task has ended (D1).
fn ended(mut queue: MutexGuard<'_, Queue>) {
    queue.writing = false;
    let (posts, flushing) = (std::mem::take(&mut queue.posts), std::mem::take(&mut queue.flushing));
    drop(queue);
    drop(posts); // There are some only if the task was cut off.
    for sender in flushing {
        let _ = sender.send(Ok(()));
    }
}

/// Writes and delivers what is in the queue, until it is empty.
async fn write(mut writing: Writing) {
    let shared = writing.shared.clone();
    while let Some(posts) = writing.next_posts() {
        let storing = shared.clone();
        let written = task::spawn_blocking(move || {
            let texts: Vec<_> =
                posts.iter().map(|post| (&*post.group, &*post.message, post.exists)).collect();
            let numbers = storing.store.append(&texts);
            (posts, numbers)
        });
        // Without a thread the posts are dropped, and with them their senders: `Outcome` reports that.
        let Ok((posts, numbers)) = written.try_join().await else { continue };
        shared.report(&numbers);
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
            let _ = post.outcome.send(outcome); // [outcome-after-delivery]. It fails if the connection has ended.
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

#[cfg(test)]
mod tests {
    use super::super::store::medium::Medium;
    use super::super::tests::To;
    use super::*;
    use executor::task;
    use futures_lite::future;

    #[test]
    fn what_waits_for_the_disk_is_bounded() {
        task::block_on(async {
            let medium = Medium::created();
            let delivered = Arc::new(AtomicUsize::new(0));
            let counted = delivered.clone();
            let deliver = To(move |_| {
                // ORDERING: Relaxed; only counted.
                counted.fetch_add(1, Ordering::Relaxed);
                true
            });
            let disk = Disk::new(medium.store(), Arc::new(deliver));
            disk.watch(&"g".into()).await.unwrap();
            let text = "x".repeat(1 << 20);
            let mut waiting = Vec::new();
            let stopped = medium.stopped();
            let refused = loop {
                match disk.append("g", text.clone()) {
                    Outcome::Now(refused) => break refused,
                    later => waiting.push(later),
                }
                assert_eq!(disk.is_busy(), waiting.len() * ((1 << 20) + 1 + POST) > BUSY);
            };
            let Some(Err(LogError::Failed(why))) = refused else { panic!("{refused:?}") };
            assert!(why.ends_with(" bytes of posts wait for the disk"), "{why}");
            assert_eq!(waiting.len(), 64);
            assert!(future::poll_once(disk.flush()).await.is_none(), "64 posts wait");
            drop(stopped);
            disk.flush().await.unwrap();
            for outcome in waiting {
                outcome.await.unwrap();
            }
            // ORDERING: Relaxed; only counted.
            assert_eq!(delivered.load(Ordering::Relaxed), 64);
            assert!(!disk.is_busy());
            disk.append("g", "there is room again".to_owned()).await.unwrap();
            assert_eq!(disk.append("h", "nobody has joined".into()).await, Err(LogError::NoSuchGroup));
        });
    }

    #[test]
    fn the_end_of_a_writer_takes_nothing_from_the_next_one() {
        task::block_on(async {
            let medium = Medium::created();
            let disk = Disk::new(medium.store(), Arc::new(To(|_| true)));
            disk.watch(&"g".into()).await.unwrap();
            disk.shared.queue().writing = true;
            let mut writing = Writing { shared: disk.shared.clone(), ended: false };
            assert!(writing.next_posts().is_none());
            let stopped = medium.stopped();
            let outcome = disk.append("g", "the next one's".to_owned());
            drop(writing);
            assert!(disk.shared.queue().writing, "the next writer still waits for the disk");
            drop(stopped);
            outcome.await.unwrap();
        });
    }

    #[test]
    fn a_panic_in_a_delivery_fails_what_waits_and_not_what_comes_later() {
        task::block_on(async {
            let panics = AtomicBool::new(true);
            // ORDERING: Relaxed; one delivery after the other.
            let deliver = To(move |_| !panics.swap(false, Ordering::Relaxed) || panic!("seen"));
            let disk = Disk::new(Medium::created().store(), Arc::new(deliver));
            disk.watch(&"g".into()).await.unwrap();
            let cut_off = disk.append("g", "one".to_owned()).await;
            assert_eq!(cut_off, Err(LogError::Failed("the log is closed".to_owned())));
            disk.flush().await.unwrap();
            disk.append("g", "two".to_owned()).await.unwrap();
            disk.flush().await.unwrap();
        });
    }
}
