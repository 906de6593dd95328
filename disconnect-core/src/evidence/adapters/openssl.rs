//! The adapter for `openssl::ssl::Error` and `openssl::error::ErrorStack`, version 0.10.

/// An alert is a statement of the peer. Other OpenSSL codes are errors that this side found. `ZERO_RETURN` follows a
/// `close_notify` or, with `IGNORE_UNEXPECTED_EOF`, a bare FIN, so it is not a goodbye.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_openssl {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
            openssl,
        };

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(stack) = error.downcast_ref::<library::error::ErrorStack>() {
                return Reading::from(stack.errors().iter().find_map(|error| openssl(error.code().into())));
            }
            let Some(error) = error.downcast_ref::<library::ssl::Error>() else {
                return Reading::NOTHING;
            };
            let eof = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof);
            Reading::from(match error.code() {
                library::ssl::ErrorCode::SYSCALL if error.io_error().is_none() => Some(eof),
                library::ssl::ErrorCode::ZERO_RETURN => {
                    Some(Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn))
                }
                _ => None,
            })
        }

        read as Reader
    }};
}
