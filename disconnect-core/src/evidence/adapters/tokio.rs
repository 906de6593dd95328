//! The adapter for tokio's `Elapsed` and `JoinError`, version 1.

/// Reads a timer of this program that expired, and a task that ended without a result.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tokio {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Reader, Reading, Side, Verdict,
        };

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if error.is::<library::time::error::Elapsed>() {
                return Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline));
            }
            Reading::from(error.downcast_ref::<library::task::JoinError>().map(|error| {
                let cause = if error.is_panic() { Cause::Panicked } else { Cause::Dropped };
                Verdict::new(Reason::Unknown, Side::Local).with_cause(cause)
            }))
        }

        read as Reader
    }};
}
