//! The design's rules about the source, checked in the source's text.
//!
//! These tests read the files of the workspace as text. A failing test names the file and the line, and says
//! what to do. `cargo test --test tidy -- --nocapture` prints what they counted: the core path in its reading
//! order, and the layers of each crate. `weave::source` defines what a line of source is, because the book is
//! woven from the same lines.

use weave::source;

mod arrows_run_down;
mod benches_say_what_they_show;
mod cancelled;
mod core_path_budget;
mod every_ordering_has_both_ends;
mod hard_cases;
mod invariants;
mod ladder;
mod lockfile_is_free;
mod numbers_in_the_prose;
mod only_the_monotonic_clock;
mod pages_name_what_exists;
mod plain_words;
mod public_items;
mod reliability;
mod seeded_faults_are_not_shipped;
mod unsafe_is_where_the_table_says;
