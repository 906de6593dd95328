//! Built-in adapters: readers for the errors of network libraries, without a dependency on any of them.
//!
//! An adapter is a macro. Its argument is the path to the library in the user's crate. So one adapter works with every
//! version that has the types it names, and with several versions in one program. An adapter never names a variant that
//! depends on a feature of the library. Its matches end with a wildcard arm, because the library's enums grow.

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

/// Makes a [`Classifier`](crate::Classifier) that reads these error types and libraries. It always reads
/// `std::io::Error`.
///
/// Use it for the `static` that [`Endpoint::with_classifier`](crate::Endpoint::with_classifier) takes. An error of a
/// type or library that is not listed is `unknown`, unless an error inside it is understood.
///
/// | item | what it adds |
/// |---|---|
/// | `SessionError` | an error type of your own that derives [`DisconnectEvidence`](crate::DisconnectEvidence) |
/// | `h2 = path::to::h2` | a built-in adapter, with the path to the library in your crate; repeat it for a second version |
/// | `anyhow = anyhow` | finds the listed error types in typed contexts too, see below |
/// | `reader = my_reader` | a [`Reader`](crate::evidence::Reader) of your own |
/// | `codes = Gateway` | close codes of your own: an enum that derives [`DisconnectCode`](crate::DisconnectCode) |
/// | `some_crate::adapter! = mongodb` | an adapter of another crate, with the path to the library in your crate |
///
/// An item may have a `#[cfg(...)]`. If several readers know an error, the first one in the list reads it.
///
/// ```
/// # #[cfg(feature = "std")] {
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
/// # }
/// ```
///
/// # Adapters
///
/// | adapter | reads | path, for example |
/// |---|---|---|
/// | `tungstenite` | `Error` | `tokio_tungstenite::tungstenite` |
/// | `h2` | `Error`, and the `io::Error` inside, which `source()` does not return | `h2` |
/// | `hyper` | `Error` | `hyper` |
/// | `reqwest` | the timeouts of its `Error` | `reqwest` |
/// | `tonic` | `Status` | `tonic` |
/// | `quinn` | `ConnectionError`, `ReadError`, `WriteError`, also of forks | `quinn`, `noq`, `iroh_quinn` |
/// | `s2n_quic` | `connection::Error`, `stream::Error`, also inside an `io::Error` | `s2n_quic` |
/// | `h3` | `error::ConnectionError`, `error::StreamError`, and the errors inside, which `source()` does not return | `h3` |
/// | `rustls` | `Error` | `rustls`, `tokio_rustls::rustls` |
/// | `openssl` | `ssl::Error`, `error::ErrorStack` | `openssl` |
/// | `native_tls` | `Error`, if it uses OpenSSL | `native_tls` |
/// | `russh` | `Error`, and the errors inside, which `source()` does not return | `russh` |
/// | `tokio_postgres` | `Error` and the `SQLSTATE` of its `DbError` | `tokio_postgres`, `postgres` |
/// | `sqlx` | `Error` and the `SQLSTATE` of PostgreSQL and MySQL | `sqlx` |
/// | `redis` | `RedisError` | `redis` |
/// | `lapin` | `Error` and the reply code of its `AMQPError` | `lapin` |
/// | `rumqttc` | `ConnectionError` and `StateError`, of MQTT 3.1.1 and 5 | `rumqttc` |
/// | `tokio` | `time::error::Elapsed`, `task::JoinError` (features `time` and `rt` of tokio) | `tokio` |
///
/// List every library that the errors come from, because libraries wrap each other:
///
/// | stack | adapters |
/// |---|---|
/// | gRPC | `tonic`, `hyper`, `h2` |
/// | WebSocket over TLS | `tungstenite`, `rustls` |
/// | HTTP/3 | `h3`, `quinn` |
/// | reqwest, or the client of hyper-util | `hyper`, `h2` and the adapter of the TLS library; also `reqwest` for its timeouts |
///
/// [`adapter!`](crate::adapter) makes the reader of one adapter alone.
///
/// An adapter of another crate is a macro that takes the path to the library and returns a
/// [`Reader`](crate::evidence::Reader):
///
/// ```
/// /// What a crate would export for a library, here for an error of `core`.
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
/// A classifier always reads the chain of an `anyhow::Error`. But the value in
/// `result.context(SessionError::Heartbeat)` is not an error of that chain. Only `anyhow::Error::downcast_ref` finds
/// it. The item `anyhow = anyhow`, or `eyre = eyre`, looks for every error type in the same `classifier!`. The verdict
/// of a context competes by rank with that of the errors inside, like the verdict of any outer error. The walk always
/// goes on. Of several contexts of one type, only the outermost is found.
///
/// Contexts are only found in the container itself. Give the `anyhow::Error` to
/// [`classify`](crate::Classifier::classify) or [`Endpoint::failed`](crate::Endpoint::failed). If another error
/// contains it, only its chain is read, unless a reader returns [`Reading::inside`](crate::evidence::Reading::inside)
/// with the container. An `anyhow::Error` that was converted to a `Box<dyn Error>` hides the type of its first error.
#[macro_export]
macro_rules! classifier {
    ($($items:tt)*) => {
        $crate::__classifier!({} {} {} {{} {}} $($items)*)
    };
}

/// Makes the [`Reader`](crate::evidence::Reader) of one built-in adapter, with the path to the library in your crate.
///
/// Use it if you need the reader itself: in a reader of your own that asks a built-in one first, or for
/// [`Classifier::with`](crate::Classifier::with). Otherwise use [`classifier!`](crate::classifier), which takes the
/// same item.
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

/// Parses `classifier!` item by item. It collects the source text of the items, their readers, the evidence types, and
/// the containers and codes.
///
/// Paths are passed on as single tokens, so that an adapter macro of another crate can match them as it needs.
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
