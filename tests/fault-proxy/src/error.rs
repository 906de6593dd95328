//! `Error`: why a fault took no effect.

use std::{error, fmt, io};

/// The reason why a fault took no effect. Its text tells what happened instead, and what to change in the test.
///
/// ```
/// use std::time::Duration;
/// use disconnect_faults::{FaultProxy, Toward};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(server.local_addr()?)?.with_limit(Duration::from_millis(10));
/// let error = proxy.reset(Toward::Client).unwrap_err();
/// assert_eq!(error.to_string(), "no open connection within 10ms: connect the client to `proxy.address()` first");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<io::Error>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// Creates an error with the error of a system call as its source.
    pub(crate) fn system(what: &str, source: io::Error) -> Self {
        Self { message: what.to_owned(), source: Some(source) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn error::Error + 'static))
    }
}
