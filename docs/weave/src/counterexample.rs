//! Counterexamples: failing executions of the models, found, made short, stored, and shown.
//!
//! loom says that a model fails, and prints a backtrace. How the threads came there is in its log of every
//! operation, which nobody reads. A reader wants the shortest such run, with the source beside each step.
//!
//! ```text
//!   loom's copy ──▶ a failing execution ──search──▶ the shortest one ──▶ docs/counterexamples/FAULT--MODEL.txt
//!     (loom)          (run, path)                       told, stored ──repeat──▶ page
//! ```
//!
//! Read [`loom`] first, then [`path`], [`run`], [`search`], [`told`], `names`, [`stored`], [`words`], [`units`],
//! `excerpt` and [`page`]. The program is `counterexample`.

mod excerpt;
pub mod game;
pub mod loom;
mod names;
pub mod page;
pub mod path;
pub mod run;
pub mod search;
pub mod stored;
pub mod told;
pub mod units;
pub mod words;

use std::env;

use crate::models::Models;
use crate::source::root;

/// The folder of loom's copy, in the environment of the compiler.
pub const COPY: &str = "COUNTEREXAMPLE_LOOM";

/// Builds the models with loom's copy.
///
/// # Errors
///
/// The messages of cargo and the compiler.
pub fn build() -> Result<Models, String> {
    let target = root().join("target/counterexamples");
    let copy = target.join(format!("loom-{:x}", loom::version()));
    let wrapper = env::current_exe().map_err(|error| format!("this program: {error}"))?;
    // cargo builds all again if the edits have changed: they are in the flags.
    let flags = format!("--cfg loom --cfg copy_{:x} -A unexpected_cfgs", loom::version());
    Models::build_with(root(), &target, &flags, &[("RUSTC_WRAPPER", wrapper.as_ref()), (COPY, copy.as_ref())])
}
