//! Six small programs, written as a user writes them. They do not change to fit the library: see `README.md`.

#![allow(clippy::missing_errors_doc, reason = "the errors are the subject, and each program shows its own")]

pub mod cancelled;
pub mod copy;
pub mod question_mark;
pub mod select_loop;
pub mod spawned;
pub mod with_anyhow;
