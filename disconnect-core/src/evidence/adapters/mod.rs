//! Readers for the errors of network libraries, without a dependency on any of them.
//!
//! An adapter is a macro over the path by which the user's own crate names the library. So one adapter serves every
//! version that has the types it names, and several versions in one program. An adapter names no variant that depends
//! on a feature of the library, and matches with a rest arm, since the library's enums grow.

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

    pub use core::any::Any;
    pub use core::error::Error;
    pub use core::marker::PhantomData;

    pub use super::super::contexts::of_context;
    pub use super::super::reading::{Contexts, Reader, Reading};
    pub use crate::code::Code;
    pub use crate::verdict::{Rank, Side, Verdict};
    pub use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

    /// Whether the text of an error is this one, without an allocation: for what no method of the error tells.
    pub fn says(error: &dyn Error, text: &str) -> bool {
        let mut rest = Rest(text);
        write!(rest, "{error}").is_ok() && rest.0.is_empty()
    }

    /// The number in the text of an error after these words, without an allocation.
    pub fn number_after(error: &dyn Error, words: &str) -> Option<u16> {
        let mut number = Number { rest: words, digits: 0, value: 0 };
        // It stops behind the number, with an error of its own.
        _ = write!(number, "{error}");
        (number.digits > 0).then_some(number.value)
    }

    /// What is to come before the number, and the number so far.
    struct Number<'a> {
        rest: &'a str,
        digits: u32,
        value: u16,
    }

    impl Write for Number<'_> {
        fn write_str(&mut self, written: &str) -> Result {
            let words = self.rest.len().min(written.len());
            let (before, after) = written.split_at_checked(words).ok_or(Mismatch)?;
            self.rest = self.rest.strip_prefix(before).ok_or(Mismatch)?;
            for digit in after.chars() {
                let digit = digit.to_digit(10).and_then(|digit| u16::try_from(digit).ok()).ok_or(Mismatch)?;
                let value = self.value.checked_mul(10).and_then(|value| value.checked_add(digit));
                self.value = value.ok_or(Mismatch)?;
                self.digits += 1;
            }
            Ok(())
        }
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
/// | item | what it adds |
/// |---|---|
/// | `SessionError` | an error type of your own that derives [`DisconnectEvidence`](crate::DisconnectEvidence) |
/// | `h2 = path::to::h2` | a built-in adapter over your own path to the library; give it twice for two versions |
/// | `anyhow = anyhow` | the listed error types also as typed contexts, see below |
/// | `reader = my_reader` | a [`Reader`](crate::evidence::Reader) of your own |
/// | `codes = Gateway` | close codes of your own, by an enum that derives [`DisconnectCode`](crate::DisconnectCode) |
/// | `some_crate::adapter! = lapin` | an adapter that another crate ships, over your own path to the library |
///
/// An item may have a `#[cfg(...)]`. Of several readers that know an error the first one is asked. The result can stand
/// in a `static`.
///
/// ```
/// use std::{error::Error, io};
/// use disconnect_core::evidence::{Reading, Side, Verdict};
/// use disconnect_core::{Category, Classifier, DisconnectReason, Endpoint, classifier};
///
/// fn number<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
///     let violation = || Verdict::new(DisconnectReason::ProtocolError, Side::Remote);
///     Reading::from(error.downcast_ref::<std::num::ParseIntError>().map(|_| violation()))
/// }
/// static CLASSIFIER: Classifier = classifier![reader = number];
///
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);
///
/// let end = END.failed(&io::Error::other("x".parse::<u8>().unwrap_err()));
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("server")));
/// ```
///
/// # Adapters
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
///
/// An adapter of another crate is a macro that takes the path and gives a [`Reader`](crate::evidence::Reader):
///
/// ```
/// /// What a crate for `lapin` would export, here for errors of `core`.
/// macro_rules! adapter {
///     ($($library:tt)+) => {{
///         use $($library)+ as library;
///         use disconnect_core::evidence::{Reader, Reading, Side, Verdict};
///
///         fn read<'a>(error: &'a (dyn core::error::Error + 'static)) -> Reading<'a> {
///             let violation = Verdict::new(disconnect_core::DisconnectReason::ProtocolError, Side::Remote);
///             Reading::from(error.downcast_ref::<library::Utf8Error>().map(|_| violation))
///         }
///         read as Reader
///     }};
/// }
/// pub(crate) use adapter;
///
/// use disconnect_core::evidence::Rank;
/// use disconnect_core::{Classifier, classifier};
///
/// static CLASSIFIER: Classifier = classifier![adapter! = core::str];
/// let error = String::from_utf8(vec![0xff]).unwrap_err().utf8_error();
/// assert_eq!(CLASSIFIER.classify(&error).rank(), Rank::Violation);
/// ```
///
/// # Typed contexts
///
/// A chain of `anyhow::Error` is read in any case. But in `result.context(SessionError::Heartbeat)` the value is no error
/// of that chain: only `anyhow::Error::downcast_ref` finds it. `anyhow = anyhow`, or `eyre = eyre`, looks for every error
/// type in the same `classifier!`. What a context says competes by rank with what lies inside, like that of an outer
/// error; it never ends the walk. Of several contexts of one type the outermost is found.
///
/// That takes the container itself: give `anyhow::Error` to [`classify`](crate::Classifier::classify), or to
/// [`Endpoint::failed`](crate::Endpoint::failed). Of one inside another error only the chain is read, unless a reader says
/// [`Reading::inside`](crate::evidence::Reading::inside). One that became a `Box<dyn Error>` hides its first error.
#[macro_export]
macro_rules! classifier {
    ($($items:tt)*) => {
        $crate::__classifier!({} {} {} {{} {}} $($items)*)
    };
}

/// Takes one item after the other: the items as they are written, their readers, evidence types, and both containers and
/// codes.
///
/// A path is taken and handed on token by token, so that an adapter of another crate may match it as it likes.
#[doc(hidden)]
#[macro_export]
macro_rules! __classifier {
    (
        {$($items:tt)*} {$($readers:tt)*} $evidence:tt
        {{$({ $(#[$attribute:meta])* $container:ident $library:tt })*} {$($codes:tt)*}}
    ) => {{
        const ITEMS: &[&str] = &[$($items)*];
        const READERS: &[$crate::evidence::Reader] = &[$($readers)*];
        const CONTEXTS: &[$crate::evidence::vocabulary::Contexts] =
            &[$($(#[$attribute])* $crate::__contexts!($container $library $evidence)),*];
        const CODES: &[$crate::evidence::CodeReader] = &[$($codes)*];
        $crate::Classifier::listed(ITEMS, READERS, CONTEXTS).with_codes(CODES)
    }};
    ({$($items:tt)*} {$($readers:tt)*} $evidence:tt $containers:tt
        $(#[$attribute:meta])* reader = $reader:expr $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            {$($items)* $(#[$attribute])* stringify!(reader = $reader),}
            {$($readers)* $(#[$attribute])* $reader,}
            $evidence $containers $($($rest)*)?
        )
    };
    ($items:tt $readers:tt $evidence:tt {$containers:tt {$($codes:tt)*}}
        $(#[$attribute:meta])* codes = $own:ty $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            $items $readers $evidence
            {$containers {$($codes)* $(#[$attribute])* $crate::evidence::own_codes::<$own>,}} $($($rest)*)?
        )
    };
    ($items:tt $readers:tt $evidence:tt {{$($containers:tt)*} $codes:tt}
        $(#[$attribute:meta])* anyhow = $($first:ident)? $(:: $segment:ident)* $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            $items $readers $evidence
            {{$($containers)* { $(#[$attribute])* anyhow [$($first)? $(:: $segment)*] }} $codes} $($($rest)*)?
        )
    };
    ($items:tt $readers:tt $evidence:tt {{$($containers:tt)*} $codes:tt}
        $(#[$attribute:meta])* eyre = $($first:ident)? $(:: $segment:ident)* $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            $items $readers $evidence
            {{$($containers)* { $(#[$attribute])* eyre [$($first)? $(:: $segment)*] }} $codes} $($($rest)*)?
        )
    };
    ({$($items:tt)*} {$($readers:tt)*} $evidence:tt $containers:tt
        $(#[$attribute:meta])* $adapter:ident = $($first:ident)? $(:: $segment:ident)* $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            {$($items)* $(#[$attribute])* stringify!($adapter = $($first)? $(:: $segment)*),}
            {$($readers)* $(#[$attribute])* $crate::__adapter!($adapter $($first)? $(:: $segment)*),}
            $evidence $containers $($($rest)*)?
        )
    };
    ({$($items:tt)*} {$($readers:tt)*} $evidence:tt $containers:tt
        $(#[$attribute:meta])* $($adapter:ident)::+ ! = $($first:ident)? $(:: $segment:ident)* $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            {$($items)* $(#[$attribute])* stringify!($($adapter)::+! = $($first)? $(:: $segment)*),}
            {$($readers)* $(#[$attribute])* $($adapter)::+!($($first)? $(:: $segment)*),}
            $evidence $containers $($($rest)*)?
        )
    };
    ($items:tt $readers:tt $evidence:tt $containers:tt
        $(#[$attribute:meta])* $($adapter:ident)::+ = $($rest:tt)*
    ) => {
        compile_error!(concat!(
            "expected `adapter = path` before `", stringify!($($rest)*), "`: an adapter has one name, as in ",
            "`h2 = path::to::h2`; one of another crate is a macro, `some_crate::adapter! = path`"
        ))
    };
    ({$($items:tt)*} {$($readers:tt)*} {$($types:tt)*} $containers:tt
        $(#[$attribute:meta])* $evidence:ty $(, $($rest:tt)*)?
    ) => {
        $crate::__classifier!(
            {$($items)* $(#[$attribute])* stringify!($evidence),}
            {$($readers)* $(#[$attribute])* $crate::evidence::derived::<$evidence>,}
            {$($types)* { $(#[$attribute])* $evidence }} $containers $($($rest)*)?
        )
    };
}

/// The reader of one library.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter {
    ($adapter:ident) => {
        compile_error!(concat!("expected the path to the library: `", stringify!($adapter), " = path`"))
    };
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
            "`rustls`, `russh`, `tokio`, `anyhow` and `eyre`; for another library write `reader = my_reader`, or ",
            "`some_crate::adapter! = ", stringify!($($library)+), "`; an error type of your own is given by its name alone"
        ))
    };
}
