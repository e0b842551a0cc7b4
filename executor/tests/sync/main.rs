//! What the locks and the channels promise, under any executor: here parked threads, and wakers that the
//! tests make.
#![cfg(not(loom))]

mod barrier_opens_for_all;
mod broadcast_close_keeps_the_last_values;
mod broadcast_frees_what_all_have_read;
mod broadcast_lag_adds_up;
mod cancelled_waiter_passes_its_wake_on;
mod closed_ends_the_wait;
mod debug_shows_what_it_is;
mod errors_are_errors;
mod lock_loop_starves_no_task;
mod mpsc_agrees_with_a_model;
mod mpsc_loses_nothing;
mod mutex_is_fair;
mod notify_is_not_missed;
mod once_cell_is_set_once;
mod oneshot_returns_once;
mod permits_keep_their_place;
mod ready_operations_are_charged;
mod rwlock_is_fair;
mod semaphore_is_fair;
mod support;
mod user_code_may_reenter;
mod waker_panics_are_harmless;
mod wakers_may_reenter;
mod watch_shows_the_newest;
