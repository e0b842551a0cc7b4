//! What the executor promises, and the hard cases that broke other runtimes. Each module is named for its
//! promise.
#![cfg(not(loom))]
#![allow(
    clippy::waker_clone_wake,
    reason = "a wake by value gives up a reference, a wake by reference does not: both are tested"
)]

mod a_pools_end_strands_no_task;
mod abort_handles_end_tasks;
mod branches_share_a_task;
mod cancel_drops_once;
mod cancelled_at_each_await;
mod debug_shows_what_it_is;
mod destructors_know_their_task;
mod handles_go_anywhere;
mod join_sets_join_as_tasks_finish;
mod local_tasks_stay_on_their_thread;
mod long_polls_strand_no_task;
mod nested_block_on_panics;
mod no_lost_wakeup;
mod no_task_starves;
mod panics_are_contained;
mod panics_point_at_the_caller;
mod pool_drop_joins;
mod spawn_blocking_runs_once;
mod support;
mod unreachable_tasks_are_dropped;
mod wakers_are_user_code;
