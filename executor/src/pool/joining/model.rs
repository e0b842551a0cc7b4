//! Workers that wait for each other's pools, under the model checker.

use std::sync::Arc;

use reactor::shim::model::{Notifier, check};
use reactor::shim::thread;

use super::{new_pool, this_is_worker_of, wait_for};

/// A worker of each of three pools drops the next pool, all at the same time. One of them does not wait, so
/// all three end. Finds `the_cycle_is_closed`.
#[test]
fn a_cycle_is_never_closed() {
    check(|| {
        let ids = [(); 3].map(|()| new_pool());
        let ended = [(); 3].map(|()| Notifier::new().0);
        let workers = [0, 1, 2].map(|n| {
            let (mine, next) = (ids[n], ids[(n + 1) % 3]);
            let (my_end, its_end) = (Arc::clone(&ended[n]), Arc::clone(&ended[(n + 1) % 3]));
            thread::spawn(move || {
                this_is_worker_of(mine);
                let waiting = wait_for(next);
                let waited = waiting.is_some();
                if waited {
                    its_end.wait(0);
                }
                drop(waiting);
                my_end.notify();
                waited
            })
        });
        let waited = workers.map(|worker| worker.join().unwrap());
        assert!(waited.into_iter().filter(|waited| !waited).count() <= 1, "the others wait");
    });
}
