//! What the reactor promises, one module for each promise.

mod always_ready;
mod any_descriptor;
mod attempts;
mod cancelled_at_each_await;
mod edges;
mod fairness;
mod halves;
mod hangup;
mod keepalive;
mod many_wait;
mod refusals;
mod std_sockets;
mod support;
mod tcp;
mod tcp_socket;
mod timers;
mod wakers;
