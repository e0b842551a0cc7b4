//! The seat by itself: whom each step leaves driving, watching, or woken.

use std::sync::atomic::AtomicUsize;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const DEADLINE: Duration = Duration::from_secs(20);

/// For the tests of the process's own seat.
static ALONE: Mutex<()> = Mutex::new(());

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = now() + DEADLINE;
    while !holds() {
        assert!(now() < deadline, "it never came to this: {what}");
        std::thread::yield_now();
    }
}

struct Nothing;

impl Watched for Nothing {
    fn rescue(&self) {}
}

fn pool() -> Arc<dyn Watched> {
    Arc::new(Nothing)
}

fn seat(present: usize, workers: usize) -> Seat {
    Seat {
        driver: None,
        standby: Vec::new(),
        vacant: false,
        watched: false,
        neglected: false,
        last_turn: None,
        present,
        workers,
        pools: Vec::new(),
        rescued: None,
    }
}

#[test]
fn one_of_those_that_wait_is_the_watch_while_somebody_runs() {
    let mut seat = seat(3, 3);
    seat.driver = Some((Parker::new(), Rank::Worker));
    seat.standby.push((Parker::new(), Rank::Worker));
    assert!(seat.become_watch());
    assert!(!seat.become_watch(), "there is one");
    seat.watched = false;
    seat.standby.push((Parker::new(), Rank::Worker));
    assert!(!seat.become_watch(), "nobody runs");
    seat.driver = None;
    assert!(seat.become_watch());
}

#[test]
fn the_watch_looks_after_the_pools_once_a_tick() {
    let (mut seat, pool) = (seat(2, 2), pool());
    seat.pools.push(Arc::downgrade(&pool));
    assert!(seat.pools_to_rescue(false).is_empty(), "it is not the watch");
    assert_eq!(seat.pools_to_rescue(true).len(), 1);
    seat.rescued = Some(now() + HOUR);
    assert!(seat.pools_to_rescue(true).is_empty(), "it is too early");
    seat.rescued = now().checked_sub(TICK);
    assert_eq!(seat.pools_to_rescue(true).len(), 1);
    assert!(seat.rescued > now().checked_sub(TICK));
}

#[test]
fn the_seat_is_handed_over_only_when_it_is_free() {
    let mut seat = seat(2, 1);
    seat.driver = Some((Parker::new(), Rank::Guest));
    seat.call_next(true);
    assert!(!seat.vacant, "somebody drives");
    seat.get_up(Rank::Guest);
    assert!(!seat.vacant, "no worker waits");
    seat.call_next(true);
    assert!(seat.vacant);
    seat.call_next(false);
    assert!(seat.vacant, "nobody has taken it yet");
}

/// A thread that sleeps until its doorbell is rung, or the thread itself unparked.
fn sleeper() -> (Arc<Parker>, std::thread::JoinHandle<()>) {
    let (tell, told) = std::sync::mpsc::channel();
    let sleeper = std::thread::spawn(move || {
        tell.send(Parker::current()).unwrap();
        std::thread::park();
    });
    (told.recv().unwrap(), sleeper)
}

#[test]
fn whoever_leaves_wakes_the_heir_of_the_seat_or_the_next_watch() {
    let cases = [
        ("the last worker is the heir", true, [Rank::Worker, Rank::Worker], 1),
        ("a guest is none while there are workers", true, [Rank::Worker, Rank::Guest], 0),
        ("the first one becomes the watch", false, [Rank::Guest, Rank::Worker], 0),
    ];
    for (what, hand_over, ranks, woken) in cases {
        let (mut seat, mut sleepers) = (seat(3, 2), Vec::new());
        for rank in ranks {
            let (parker, sleeper) = sleeper();
            seat.standby.push((parker, rank));
            sleepers.push(sleeper);
        }
        seat.call_next(hand_over);
        eventually(what, || sleepers[woken].is_finished());
        seat.standby.iter().for_each(|(parker, _)| parker.thread.unpark());
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    }
}

#[test]
fn a_driver_is_told_to_become_the_watch() {
    let mut seat = seat(2, 2);
    seat.driver = Some((Parker::new(), Rank::Worker));
    seat.call_next(false);
    let turn = std::thread::spawn(|| reactor::turn(None, &mut Vec::new()));
    eventually("the turn ends", || turn.is_finished());
}

#[test]
fn a_guest_takes_the_seat_only_where_no_worker_would() {
    let mut seat = seat(2, 1);
    seat.last_turn = Some(now() + HOUR);
    assert!(seat.is_free_for(Rank::Worker));
    assert!(!seat.is_free_for(Rank::Guest), "the seat is the worker's");
    seat.neglected = true;
    assert!(seat.is_free_for(Rank::Guest), "no worker came");
    seat.neglected = false;
    seat.last_turn = now().checked_sub(TICK);
    assert!(seat.is_free_for(Rank::Guest), "nobody has driven for a TICK");
    seat.last_turn = Some(now() + HOUR);
    seat.workers = 0;
    assert!(seat.is_free_for(Rank::Guest), "there is no worker");
    seat.driver = Some((Parker::new(), Rank::Guest));
    assert!(!seat.is_free_for(Rank::Worker), "somebody drives");
}

#[test]
fn a_guest_gives_the_seat_to_a_worker_that_waits() {
    for (driver, waits, vacant) in [
        (Rank::Guest, Rank::Worker, true),
        (Rank::Guest, Rank::Guest, false),
        (Rank::Worker, Rank::Worker, false),
    ] {
        let mut seat = seat(2, 1);
        seat.driver = Some((Parker::new(), driver));
        seat.standby.push((Parker::new(), waits));
        seat.get_up(driver);
        assert!(seat.driver.is_none() && seat.last_turn.is_some());
        assert_eq!(seat.vacant, vacant);
    }
}

#[test]
fn who_stands_by_no_more_is_alone_in_leaving() {
    let (mut seat, leaves) = (seat(2, 2), Parker::new());
    seat.standby = vec![(Arc::clone(&leaves), Rank::Worker), (Parker::new(), Rank::Guest)];
    seat.step_back(&leaves);
    assert!(matches!(seat.standby[..], [(_, Rank::Guest)]));
}

/// Who is woken all the time never waits for as long as a TICK.
#[test]
fn the_watch_looks_after_the_pools_also_when_it_is_woken_early() {
    struct Rescued(AtomicUsize);
    impl Watched for Rescued {
        fn rescue(&self) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let _alone = lock(&ALONE);
    let pool = Arc::new(Rescued(AtomicUsize::new(0)));
    watch_over(Arc::downgrade(&pool) as Weak<dyn Watched>);
    let busy = [(); 2].map(|()| Presence::enter(Rank::Worker));
    lock(&SEAT).driver = Some((Parker::new(), Rank::Worker));
    let (tell, told) = std::sync::mpsc::channel();
    let watch = std::thread::spawn(move || {
        let presence = Presence::enter(Rank::Guest);
        tell.send(Arc::clone(&presence.parker)).unwrap();
        presence.wait(&mut Vec::new());
    });
    let parker = told.recv().unwrap();
    // On a loaded machine its TICK may be over before we see it wait.
    eventually("it waits", || parker.is_parked() || watch.is_finished());
    parker.unpark();
    watch.join().unwrap();
    lock(&SEAT).driver = None;
    drop(busy);
    assert_eq!(pool.0.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn a_pool_that_has_gone_is_forgotten() {
    let _alone = lock(&ALONE);
    let (gone, here, new) = (pool(), pool(), pool());
    [&gone, &here].into_iter().for_each(|pool| watch_over(Arc::downgrade(pool)));
    drop(gone);
    watch_over(Arc::downgrade(&new));
    assert_eq!(lock(&SEAT).pools.len(), 2);
}
