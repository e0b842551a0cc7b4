//! Keepalive: one setting for the system's three.

use std::time::Duration;

use rustix::net::sockopt;

use crate::support::{connection, run};

/// The time until a silent peer's connection ends is twice the idle time, in whole seconds.
#[test]
fn keepalive_sets_the_systems_three() {
    run(|| async {
        let (ours, _theirs) = connection();
        assert_eq!(ours.keepalive().unwrap(), None);
        for (idle, seconds, between, probes) in [
            (Duration::ZERO, 1, 1, 1),
            (Duration::from_millis(1001), 2, 1, 2),
            (Duration::from_secs(60), 60, 15, 4),
            (Duration::from_secs(32_767), 32_767, 8191, 4),
        ] {
            ours.set_keepalive(Some(idle)).unwrap();
            assert_eq!(ours.clone().keepalive().unwrap(), Some(Duration::from_secs(seconds)));
            assert_eq!(sockopt::tcp_keepintvl(&ours).unwrap(), Duration::from_secs(between));
            assert_eq!(sockopt::tcp_keepcnt(&ours).unwrap(), probes);
        }
        ours.set_keepalive(None).unwrap();
        assert_eq!(ours.keepalive().unwrap(), None);
    });
}

/// A time that the system does not accept is an error, and changes nothing.
#[test]
fn a_refused_keepalive_changes_nothing() {
    run(|| async {
        let (ours, _theirs) = connection();
        ours.set_keepalive(Some(Duration::MAX)).unwrap_err();
        assert_eq!(ours.keepalive().unwrap(), None);
        ours.set_keepalive(Some(Duration::from_secs(9))).unwrap();
        ours.set_keepalive(Some(Duration::MAX)).unwrap_err();
        assert_eq!(ours.keepalive().unwrap(), Some(Duration::from_secs(9)));
    });
}
