//! Gives memory that was freed back to the system.
//!
//! `free` mostly does not. glibc keeps freed memory for the next `malloc`, and gives back only large blocks, and what
//! lies at the end of an arena, of which there are several for each core. So one live allocation behind a thousand
//! freed ones keeps them all, and after a burst a process stays as large as it was at its peak. `malloc_trim`
//! gives back every whole page that is free, wherever it lies.
//!
//! Called by programs. Next: `kqueue`.
#![allow(unsafe_code, reason = "malloc_trim is a function of C")]

/// Gives memory that was freed back to the system, with glibc on Linux. Elsewhere it does nothing.
///
/// It takes time in proportion to the heap, and threads that allocate meanwhile wait for it. So call it on a
/// thread that runs no tasks, seldom, and after much has been freed: memory that is soon needed again comes
/// back page by page. If the program has an allocator of its own, it gives back only what C code has freed.
///
/// ```
/// executor::task::block_on(async {
///     let burst: Vec<Box<[u8]>> = (0..1000).map(|_| vec![1; 10_000].into()).collect();
///     drop(burst);
///     executor::task::spawn_blocking(reactor::return_free_memory).await;
/// });
/// ```
pub fn return_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
    malloc_trim(0);
}

#[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
// SAFETY: glibc declares it so since 2.8, and it has no conditions: it locks each arena.
unsafe extern "C" {
    safe fn malloc_trim(pad: usize) -> std::ffi::c_int;
}
