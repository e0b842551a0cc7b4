//! What is known without a recording: the tasks that have waited, and what the reactor holds for them.
//!
//! A pool lists its tasks that wait, so that it can cancel them, and a waker carries its task's address. So the wakers
//! in each socket and each timer say which tasks wait for it. Everything is copied, a few entries at a time, and put
//! together with nothing locked.
//!
//! Called by `dump`. Next: `dump::model`.

use std::collections::HashMap;

use reactor::blocking::{self, Load};
use reactor::inspect::{self, Socket};

use super::ids::IdMap;
use super::strangers::Own;
use crate::driver::rescue::{PoolLook, look_at_pools};
use crate::raw_task::list::TaskLook;

/// What holds a task's waker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Socket {
        key: usize,
        writes: bool,
    },
    /// In how many nanoseconds it is due.
    Timer {
        left: u64,
    },
}

/// The program, at about one moment.
pub(super) struct Live {
    pub(super) pools: Vec<PoolLook>,
    pub(super) sockets: HashMap<usize, Socket>,
    /// By the task's address.
    pub(super) held: IdMap<Vec<Held>>,
    pub(super) load: Load,
}

impl Live {
    pub(super) fn look() -> Self {
        let mut held: IdMap<Vec<Held>> = IdMap::default();
        let sockets = inspect::sockets();
        for socket in &sockets {
            for (wakers, writes) in [(&socket.readers, false), (&socket.writers, true)] {
                for waker in wakers {
                    held.entry(*waker as u64).or_default().push(Held::Socket { key: socket.key, writes });
                }
            }
        }
        for timer in inspect::timers() {
            held.entry(timer.waker as u64).or_default().push(Held::Timer { left: timer.left });
        }
        let sockets = sockets.into_iter().map(|socket| (socket.key, socket)).collect();
        Self { pools: look_at_pools(), sockets, held, load: blocking::load() }
    }

    /// The pools' tasks that have waited.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &TaskLook> {
        self.pools.iter().flat_map(|pool| &pool.tasks)
    }

    /// How many of the process's threads are the runtime's.
    pub(super) fn own_threads(&self) -> Own {
        // Those of a closed pool may have ended.
        let open = self.pools.iter().filter(|pool| !pool.closed);
        Own { workers: open.map(|pool| pool.begun).sum(), blocking: self.load.threads }
    }

    /// As `look`, but without the reactor: for a second look.
    pub(super) fn look_at_tasks() -> Self {
        let (sockets, held) = (HashMap::new(), IdMap::default());
        Self { pools: look_at_pools(), sockets, held, load: blocking::load() }
    }
}
