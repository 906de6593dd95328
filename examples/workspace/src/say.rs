//! Words for the user, who may have gone: `println!` panics where nobody reads, and then no connection ends in order.

use std::fmt::Display;
use std::io::{self, Write};

/// Says something on standard output, if somebody reads it.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Says on standard error what is wrong, if somebody reads it.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "workspace: {text}");
}
