//! Readers for the errors of network libraries, without a dependency on any of them.
//!
//! An adapter is a macro over the path by which the user's own crate names the library. So one adapter serves every
//! version that has the types it names, and several versions in one program. An adapter names no variant that depends
//! on a feature of the library, and matches with a rest arm, since the library's enums grow.

mod h2;
mod h3;
mod hyper;
mod lapin;
mod native_tls;
mod openssl;
mod quinn;
mod redis;
mod reqwest;
mod rumqttc;
mod russh;
mod rustls;
mod s2n_quic;
mod sqlx;
mod tables;
mod text;
mod tokio;
mod tokio_postgres;
mod tonic;
mod tungstenite;
pub mod vocabulary;

/// A [`Classifier`](crate::Classifier) that reads these libraries and error types, and always `std::io::Error`.
///
/// | item | what it adds |
/// |---|---|
/// | `SessionError` | an error type of your own that derives [`DisconnectEvidence`](crate::DisconnectEvidence) |
/// | `h2 = path::to::h2` | a built-in adapter over your own path to the library; give it twice for two versions |
/// | `anyhow = anyhow` | the listed error types also as typed contexts, see below |
/// | `reader = my_reader` | a [`Reader`](crate::evidence::Reader) of your own |
/// | `codes = Gateway` | close codes of your own, by an enum that derives [`DisconnectCode`](crate::DisconnectCode) |
/// | `some_crate::adapter! = mongodb` | an adapter that another crate ships, over your own path to the library |
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
/// | `reqwest` | the timeouts of its `Error` | `reqwest` |
/// | `tonic` | `Status` | `tonic` |
/// | `quinn` | `ConnectionError`, `ReadError`, `WriteError`, also of its forks | `quinn`, `noq`, `iroh_quinn` |
/// | `s2n_quic` | `connection::Error`, `stream::Error`, also inside an `io::Error` | `s2n_quic` |
/// | `h3` | `error::ConnectionError`, `error::StreamError`, and the errors inside that they hide | `h3` |
/// | `rustls` | `Error` | `rustls`, `tokio_rustls::rustls` |
/// | `openssl` | `ssl::Error`, `error::ErrorStack` | `openssl` |
/// | `native_tls` | `Error`, where it stands on OpenSSL | `native_tls` |
/// | `russh` | `Error`, and the errors inside that it hides | `russh` |
/// | `tokio_postgres` | `Error` and the `SQLSTATE` of its `DbError` | `tokio_postgres`, `postgres` |
/// | `sqlx` | `Error` and the `SQLSTATE` of PostgreSQL and MySQL | `sqlx` |
/// | `redis` | `RedisError` | `redis` |
/// | `lapin` | `Error` and the reply code of its `AMQPError` | `lapin` |
/// | `rumqttc` | `ConnectionError` and `StateError`, of MQTT 3.1.1 and 5 | `rumqttc` |
/// | `tokio` | `time::error::Elapsed`, `task::JoinError` (its features `time` and `rt`) | `tokio` |
///
/// Libraries stand on each other: for gRPC give `tonic`, `hyper` and `h2`; for WebSocket over TLS `tungstenite` and
/// `rustls`; for HTTP/3 `h3` and `quinn`; for reqwest and the client of hyper-util, whose own errors only wrap, `hyper`,
/// `h2` and what does TLS. [`adapter!`](crate::adapter) gives one adapter by itself.
///
/// An adapter of another crate is a macro that takes the path and gives a [`Reader`](crate::evidence::Reader):
///
/// ```
/// /// What a crate for a library would export, here for errors of `core`.
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

/// The [`Reader`](crate::evidence::Reader) of one built-in adapter, over your own path to the library: what
/// [`Classifier::with`](crate::Classifier::with) takes.
///
/// [`classifier!`](crate::classifier) takes the same item, and is shorter. Use this one where you need the reader itself:
/// in a reader of your own that asks a built-in one first, or in a list that you write by hand.
///
/// ```
/// # mod tokio {
/// #     pub mod time { pub mod error { #[derive(Debug)] pub struct Elapsed;
/// #         impl std::fmt::Display for Elapsed {
/// #             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("") } }
/// #         impl std::error::Error for Elapsed {} } }
/// #     pub mod task { #[derive(Debug)] pub struct JoinError;
/// #         impl JoinError { pub fn is_panic(&self) -> bool { true } }
/// #         impl std::fmt::Display for JoinError {
/// #             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("") } }
/// #         impl std::error::Error for JoinError {} }
/// # }
/// use disconnect_core::{Classifier, adapter};
///
/// static CLASSIFIER: Classifier = Classifier::with(&[adapter!(tokio = tokio)]);
/// # assert_eq!(CLASSIFIER.classify(&tokio::time::error::Elapsed).rank(), disconnect_core::evidence::Rank::Timeout);
/// ```
#[macro_export]
macro_rules! adapter {
    ($adapter:ident = $($library:tt)+) => {
        $crate::__adapter!($adapter $($library)+)
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
    (reqwest $($library:tt)+) => { $crate::__adapter_reqwest!($($library)+) };
    (tonic $($library:tt)+) => { $crate::__adapter_tonic!($($library)+) };
    (quinn $($library:tt)+) => { $crate::__adapter_quinn!($($library)+) };
    (s2n_quic $($library:tt)+) => { $crate::__adapter_s2n_quic!($($library)+) };
    (h3 $($library:tt)+) => { $crate::__adapter_h3!($($library)+) };
    (rustls $($library:tt)+) => { $crate::__adapter_rustls!($($library)+) };
    (openssl $($library:tt)+) => { $crate::__adapter_openssl!($($library)+) };
    (native_tls $($library:tt)+) => { $crate::__adapter_native_tls!($($library)+) };
    (russh $($library:tt)+) => { $crate::__adapter_russh!($($library)+) };
    (tokio_postgres $($library:tt)+) => { $crate::__adapter_tokio_postgres!($($library)+) };
    (sqlx $($library:tt)+) => { $crate::__adapter_sqlx!($($library)+) };
    (redis $($library:tt)+) => { $crate::__adapter_redis!($($library)+) };
    (lapin $($library:tt)+) => { $crate::__adapter_lapin!($($library)+) };
    (rumqttc $($library:tt)+) => { $crate::__adapter_rumqttc!($($library)+) };
    (tokio $($library:tt)+) => { $crate::__adapter_tokio!($($library)+) };
    ($unknown:ident $($library:tt)+) => {
        compile_error!(concat!(
            "unknown adapter `", stringify!($unknown), "`; known are `tungstenite`, `h2`, `hyper`, `reqwest`, `tonic`, ",
            "`quinn`, `s2n_quic`, `h3`, `rustls`, `openssl`, `native_tls`, `russh`, `tokio_postgres`, `sqlx`, `redis`, ",
            "`lapin`, `rumqttc`, `tokio`, `anyhow` and `eyre`; for another library write `reader = my_reader`, or ",
            "`some_crate::adapter! = ", stringify!($($library)+), "`; an error type of your own is given by its name alone"
        ))
    };
}
