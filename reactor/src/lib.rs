//! Waits for the world.

pub mod blocking;
pub mod budget;
pub mod net;
pub mod shim;
mod unblock;
pub mod wait_list;
#[allow(missing_docs)]
mod stub {
    use std::{
        sync::{Condvar, Mutex},
        task::Waker,
        time::Duration,
    };
    static F: Mutex<bool> = Mutex::new(false);
    static C: Condvar = Condvar::new();
    pub fn turn(limit: Option<Duration>, _woken: &mut Vec<Waker>) {
        let mut g = F.lock().unwrap();
        if limit == Some(Duration::ZERO) {
            *g = false;
            return;
        }
        if let Some(l) = limit {
            if !*g {
                g = C.wait_timeout(g, l).unwrap().0;
            }
        } else {
            while !*g {
                g = C.wait(g).unwrap();
            }
        }
        *g = false;
    }
    pub fn notify() {
        *F.lock().unwrap() = true;
        C.notify_all();
    }
    pub fn wake_all(woken: &mut Vec<Waker>) {
        for w in woken.drain(..) {
            w.wake();
        }
    }
}
pub use stub::*;
