//! Readers for the errors of network libraries, without a dependency on any of them.
//!
//! An adapter is a macro over the path by which the user's own crate names the library. So one adapter serves every
//! version that has the types it names, and several versions in one program. An adapter names no variant that hangs on
//! a feature of the library, and matches with a rest arm, since the library's enums grow.

mod h2;
mod hyper;
mod quinn;
mod russh;
mod rustls;
mod tokio;
mod tonic;
mod tungstenite;

/// What the adapters name.
#[doc(hidden)]
pub mod vocabulary {
    use core::fmt::{Error as Mismatch, Result, Write};

    pub use core::error::Error;

    pub use super::super::reading::{Reader, Reading};
    pub use crate::code::Code;
    pub use crate::verdict::{Rank, Side, Verdict};
    pub use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

    /// Whether the text of an error is this one, without an allocation: for what no method of the error tells.
    pub fn says(error: &dyn Error, text: &str) -> bool {
        let mut rest = Rest(text);
        write!(rest, "{error}").is_ok() && rest.0.is_empty()
    }

    /// What of the text is still to come. A different one ends the writing.
    struct Rest<'a>(&'a str);

    impl Write for Rest<'_> {
        fn write_str(&mut self, written: &str) -> Result {
            self.0 = self.0.strip_prefix(written).ok_or(Mismatch)?;
            Ok(())
        }
    }
}

/// A [`Classifier`](crate::Classifier) that reads these libraries and error types, and always `std::io::Error`.
///
/// A library is given as `adapter = path`, where the path is your own to your own version; give it twice for two
/// versions. An error type of your own that derives [`DisconnectEvidence`](crate::DisconnectEvidence) is given by its
/// name. The result can stand in a `static`.
///
/// ```
/// use std::io;
/// use disconnect_core::{Category, Classifier, Endpoint, classifier};
///
/// static CLASSIFIER: Classifier = classifier![];
///
/// let end = Endpoint::AGENT_FACING_SERVER.failed(&CLASSIFIER, &io::Error::from(io::ErrorKind::UnexpectedEof));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("unclean_eof")));
/// ```
///
/// | adapter | reads | path, for example |
/// |---|---|---|
/// | `tungstenite` | `Error` | `tokio_tungstenite::tungstenite` |
/// | `h2` | `Error`, and the `io::Error` inside that it hides | `h2` |
/// | `hyper` | `Error` | `hyper` |
/// | `tonic` | `Status` | `tonic` |
/// | `quinn` | `ConnectionError`, `ReadError`, `WriteError` | `quinn` |
/// | `rustls` | `Error` | `rustls`, `tokio_rustls::rustls` |
/// | `russh` | `Error`, and the errors inside that it hides | `russh` |
/// | `tokio` | `time::error::Elapsed`, `task::JoinError` (its features `time` and `rt`) | `tokio` |
///
/// Libraries stand on each other: for gRPC give `tonic`, `hyper` and `h2`, for WebSocket over TLS `tungstenite` and
/// `rustls`.
#[macro_export]
macro_rules! classifier {
    ($($items:tt)*) => {
        $crate::__classifier!([] $($items)*)
    };
}

/// Takes one item after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __classifier {
    ([$($readers:expr),*]) => {{
        const READERS: &[$crate::evidence::Reader] = &[$($readers),*];
        $crate::Classifier::with(READERS)
    }};
    ([$($readers:expr),*] $adapter:ident = :: $($segment:ident)::+ $(, $($rest:tt)*)?) => {
        $crate::__classifier!([$($readers,)* $crate::__adapter!($adapter :: $($segment)::+)] $($($rest)*)?)
    };
    ([$($readers:expr),*] $adapter:ident = $($segment:ident)::+ $(, $($rest:tt)*)?) => {
        $crate::__classifier!([$($readers,)* $crate::__adapter!($adapter $($segment)::+)] $($($rest)*)?)
    };
    ([$($readers:expr),*] $evidence:ty $(, $($rest:tt)*)?) => {
        $crate::__classifier!([$($readers,)* $crate::evidence::derived::<$evidence>] $($($rest)*)?)
    };
}

/// The reader of one library.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter {
    (tungstenite $($library:tt)+) => { $crate::__adapter_tungstenite!($($library)+) };
    (h2 $($library:tt)+) => { $crate::__adapter_h2!($($library)+) };
    (hyper $($library:tt)+) => { $crate::__adapter_hyper!($($library)+) };
    (tonic $($library:tt)+) => { $crate::__adapter_tonic!($($library)+) };
    (quinn $($library:tt)+) => { $crate::__adapter_quinn!($($library)+) };
    (rustls $($library:tt)+) => { $crate::__adapter_rustls!($($library)+) };
    (russh $($library:tt)+) => { $crate::__adapter_russh!($($library)+) };
    (tokio $($library:tt)+) => { $crate::__adapter_tokio!($($library)+) };
    ($unknown:ident $($library:tt)+) => {
        compile_error!(concat!(
            "unknown adapter `", stringify!($unknown), "`; known are `tungstenite`, `h2`, `hyper`, `tonic`, `quinn`, ",
            "`rustls`, `russh` and `tokio`; an error type of your own is given by its name alone"
        ))
    };
}
