//! Who is at the other end of a Unix stream.
//!
//! A service that any process can reach must know whose process it serves. The peer cannot lie about it: the system
//! notes the user at the moment of the connect.
//!
//! rustix returns a process id that cannot be zero. But the system's is zero if the peer's process has no id here:
//! it is outside of this container. A value that cannot exist would be undefined behaviour, so the system's own
//! functions are called.
//!
//! Called by programs. Next: `readiness`.
#![allow(
    unsafe_code,
    reason = "the system's functions have no safe wrapper that permits a process id of zero"
)]

use std::ffi::c_int;
use std::io;
use std::os::fd::AsRawFd;

use super::unix::UnixStream;

/// The user at the other end of a [`UnixStream`].
///
/// ```
/// let (near, _far) = reactor::net::UnixStream::pair()?;
/// let peer: reactor::net::UCred = near.peer_cred()?;
/// let own = std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own));
/// assert!(own.is_err() || own.unwrap() == peer.uid());
/// assert!(peer.pid().is_none_or(|pid| pid == std::process::id().cast_signed()));
/// println!("user {}, group {}", peer.uid(), peer.gid());
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UCred {
    pid: Option<i32>,
    uid: u32,
    gid: u32,
}

impl UCred {
    /// The user's number: the effective one of the process at the other end, at the time of a call. The end that has
    /// accepted gets that of the peer's `connect`. The end that has connected gets that of the system's `listen`, which
    /// the listener's `bind` calls. Each end of a pair gets that of the call that has made the pair.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The number of the user's group.
    #[must_use]
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// The process. This code asks for it only on Linux: elsewhere it is `None`. It is also `None` if the process has
    /// no id in this process's container. The process may have ended since, and another may have its number.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }
}

impl UnixStream {
    /// Returns whose process is at the other end, as the system noted it: see [`UCred::uid`].
    ///
    /// # Errors
    ///
    /// The system's, such as `NotConnected` if the stream is not connected. Also on Linux on a processor with other
    /// numbers for these options (MIPS, SPARC).
    pub fn peer_cred(&self) -> io::Result<UCred> {
        peer_cred(self.socket.get_ref().as_raw_fd())
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn peer_cred(fd: c_int) -> io::Result<UCred> {
    use std::ffi::c_void;

    /// The numbers of most processors. Where the system has others (MIPS, SPARC), this returns an error.
    const SOL_SOCKET: c_int = 1;
    const SO_PEERCRED: c_int =
        if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) { 21 } else { 17 };

    #[repr(C)]
    struct Credentials {
        pid: i32,
        uid: u32,
        gid: u32,
    }

    unsafe extern "C" {
        fn getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, length: *mut u32) -> c_int;
    }

    let mut found = Credentials { pid: 0, uid: 0, gid: 0 };
    let mut length = size_of::<Credentials>() as u32;
    let value = (&raw mut found).cast();
    // SAFETY: the value is as long as `length` says, and both live until the call returns.
    if unsafe { getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, &raw mut length) } != 0 {
        return Err(io::Error::last_os_error());
    }
    if length as usize != size_of::<Credentials>() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // Both ids are -1, which is no user's: Linux returns them, and no error, if the stream is not connected.
    if (found.uid, found.gid) == (u32::MAX, u32::MAX) {
        return Err(io::ErrorKind::NotConnected.into());
    }
    Ok(UCred { pid: Some(found.pid).filter(|&pid| pid != 0), uid: found.uid, gid: found.gid })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn peer_cred(fd: c_int) -> io::Result<UCred> {
    unsafe extern "C" {
        fn getpeereid(fd: c_int, uid: *mut u32, gid: *mut u32) -> c_int;
    }

    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both numbers live until the call returns.
    if unsafe { getpeereid(fd, &raw mut uid, &raw mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UCred { pid: None, uid, gid })
}
