//! Messages for the user. `println!` panics if the reader has closed the pipe, and then no connection would end in
//! order.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a message on standard output, if a reader exists.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints an error on standard error, if a reader exists.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "workspace: {text}");
}
