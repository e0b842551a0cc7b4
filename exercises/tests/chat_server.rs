//! Exercises of the chapter "The server": `stubs/chat_server.rs`.

#[cfg_attr(feature = "solutions", path = "../solutions/chat_server.rs")]
#[cfg_attr(not(feature = "solutions"), path = "../stubs/chat_server.rs")]
mod chat_server;

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use chat_server::{AcceptError, Group, World, accept_loop};
use executor::task;
use exercises::ends;

#[derive(Default)]
struct Script {
    accepts: VecDeque<Result<u32, AcceptError>>,
    served: Vec<u32>,
    slept: Vec<u64>,
}

impl World for Script {
    fn accept(&mut self) -> Result<u32, AcceptError> {
        self.accepts.pop_front().unwrap_or(Err(AcceptError::Fatal))
    }

    fn serve(&mut self, client: u32) {
        self.served.push(client);
    }

    fn sleep(&mut self, milliseconds: u64) {
        self.slept.push(milliseconds);
    }
}

#[test]
fn exercise_1_the_loop_outlives_trouble_that_passes() {
    let passing = Err(AcceptError::Transient);
    let mut script = Script {
        accepts: [
            Ok(1),
            Err(AcceptError::PerConnection),
            Ok(2),
            passing,
            passing,
            passing,
            Ok(3),
            passing,
            Ok(4),
        ]
        .into(),
        ..Script::default()
    };
    accept_loop(&mut script);
    assert_eq!(script.served, [1, 2, 3, 4]);
    assert_eq!(script.slept, [10, 20, 40, 10], "it doubles, and starts over after a success");
}

#[test]
fn exercise_1_the_wait_has_an_end() {
    let mut script = Script { accepts: vec![Err(AcceptError::Transient); 8].into(), ..Script::default() };
    accept_loop(&mut script);
    assert_eq!(script.slept, [10, 20, 40, 80, 160, 320, 500, 500]);
}

#[test]
fn exercise_2_stop_waits_for_the_last() {
    ends("stop never returns", || {
        let ended = Rc::new(Cell::new(0));
        let group = Group::new();
        for rounds in [1, 5, 20] {
            let ended = ended.clone();
            group.spawn(async move |mut stop| {
                stop.requested().await;
                for _ in 0..rounds {
                    task::yield_now().await; // It still has something to finish.
                }
                ended.set(ended.get() + 1);
            });
        }
        task::block_on(async {
            task::yield_now().await;
            assert_eq!(ended.get(), 0, "they have not been asked to stop yet");
            group.stop().await;
        });
        assert_eq!(ended.get(), 3, "stop did not wait for all of them");
    });
}
