//! Words for the user, who may have gone: `println!` panics where nobody reads, and then no connection ends in order.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use nix::errno::Errno;

/// Says something on standard output, if somebody reads it.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Says on standard error what is wrong, if somebody reads it.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "workspace: {text}");
}

/// Whether somebody still reads what was written: `false` after a closed pipe or a lost terminal.
///
/// # Errors
///
/// Writing failed for another reason.
pub fn is_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => Ok(false),
        Err(error) => Err(error),
    }
}
