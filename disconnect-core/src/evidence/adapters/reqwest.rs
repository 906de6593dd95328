//! The adapter for `reqwest::Error`, from version 0.11 on.

/// Reads timeouts only, because their type is private. Other errors are inside: list `hyper`, and `h2` or `rustls`,
/// too.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_reqwest {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Reader, Reading, Side, Verdict,
        };

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let error = error.downcast_ref::<library::Error>().filter(|error| error.is_timeout());
            let deadline = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline);
            Reading::from(error.map(|_| deadline))
        }

        read as Reader
    }};
}
