//! Exercises of the chapter "The groups, and std's mutex": `stubs/chat_mutex.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_mutex.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_mutex.rs")]
mod chat_mutex;

use std::collections::HashMap;
use std::sync::Mutex;

use chat_mutex::{Registry, Shared, count};
use exercises::ends;
use futures_lite::future::{block_on, yield_now, zip};

#[test]
fn exercise_1_two_of_them_do_not_wait_for_each_other() {
    let counted =
        ends("a task blocks the thread on a lock that another task of the same thread holds", || {
            let counts = Mutex::new(HashMap::new());
            let look_up = || async {
                yield_now().await;
                "tea".to_owned()
            };
            block_on(zip(count(&counts, look_up()), count(&counts, look_up())))
        });
    assert_eq!(counted.0 + counted.1, 3, "1 and 2, in some order");
}

/// Its drop calls the registry.
struct CallsBack(Shared);

impl Drop for CallsBack {
    fn drop(&mut self) {
        self.0.len();
    }
}

#[test]
fn exercise_2_what_is_removed_may_come_back() {
    let left = ends("its drop waits for a lock that is held while it is dropped", || {
        let registry = Shared::new(Registry::default());
        registry.insert("it", Box::new(CallsBack(registry.clone())));
        assert!(registry.remove("it"));
        assert!(!registry.remove("it"));
        registry.len()
    });
    assert_eq!(left, 0);
}

#[test]
fn exercise_2_what_is_replaced_too() {
    ends("its drop waits for a lock that is held while it is replaced", || {
        let registry = Shared::new(Registry::default());
        registry.insert("it", Box::new(CallsBack(registry.clone())));
        registry.insert("it", Box::new(()));
    });
}
