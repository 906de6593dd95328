//! Runs each program on real sockets and injects faults. Every connection must log exactly one line, with the right
//! end.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test panics when its set-up fails")]

mod cancelled;
mod copy;
mod line;
mod peer;
mod question_mark;
mod select_loop;
mod spawned;
mod with_anyhow;
