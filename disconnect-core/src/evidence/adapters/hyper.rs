//! The adapter for `hyper::Error`, from version 0.14 on.

/// Reads the predicates of the error. Over HTTP/2 the `h2::Error` inside has the code, so list the adapter `h2` too.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_hyper {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use ::std::io;

        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict, says,
        };

        /// Fallbacks for methods that some versions lack. An inherent method takes precedence over these.
        #[allow(dead_code, reason = "not called where the library has the method")]
        trait Otherwise {
            fn is_parse_too_large(&self) -> bool {
                false
            }
        }
        impl Otherwise for library::Error {}

        fn verdict(error: &library::Error) -> Option<Verdict> {
            let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
            Some(if error.is_timeout() {
                // The head was not read in time, or the peer did not answer a ping.
                let cause = if error.source().is_none() { Cause::Deadline } else { Cause::KeepaliveTimeout };
                Verdict::new(Reason::NetworkError, Side::Network).with_cause(cause)
            } else if error.is_parse_too_large() {
                violation.with_cause(Cause::TooLarge)
            } else if error.is_parse() || is_bad_body(error) {
                violation.with_cause(Cause::Malformed)
            } else if error.is_incomplete_message() {
                Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof)
            } else if error.is_canceled() || error.is_closed() {
                // "connection was not ready", "connection closed": only the connection's future has the reason.
                Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn)
            } else if error.source().is_none() && says(error, "received unexpected message from connection") {
                violation.with_cause(Cause::Malformed)
            } else if error.source().is_none() && says(error, "read header from client timeout") {
                // From version 1 on, a timeout for which `is_timeout` is false.
                Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline)
            } else if error.source().is_some_and(|source| source.is::<io::Error>()) {
                // The transport failed, also if the error kind is `Other`: over HTTP/2 a FIN inside a frame has it.
                Verdict::new(Reason::NetworkError, Side::Network).with_rank(Rank::BrokenPipe)
            } else {
                return None;
            })
        }

        /// Invalid chunks: hyper finds them itself and reports the kind `InvalidInput`.
        fn is_bad_body(error: &library::Error) -> bool {
            let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
            source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidInput)
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            if error.is_user() {
                // The user's service or body failed. The error inside may still be one of this connection: a service
                // returns the error it got when it read the request body.
                let failed = Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::InternalError);
                return Reading::failure(failed.with_rank(Rank::BrokenPipe));
            }
            match (verdict(error), error.source()) {
                (None, Some(source)) => Reading::inside(source),
                (verdict, _) => Reading::from(verdict),
            }
        }

        read as Reader
    }};
}
