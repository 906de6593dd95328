//! `hyper::Error`, from version 0.14 on.

/// What its predicates mean. Over HTTP/2 the `h2::Error` inside says more: give the adapter `h2` as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_hyper {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use ::std::io;

        use $crate::evidence::vocabulary::{
            Cause, Error, Rank, Reader, Reading, Reason, Side, Verdict, says,
        };

        /// What only some features of some versions have: where there is such a method, it comes before this one.
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
                // The time to read a head is up, or else the peer did not answer a ping.
                let cause = if error.source().is_none() { Cause::Deadline } else { Cause::KeepaliveTimeout };
                Verdict::new(Reason::NetworkError, Side::Network).cause(cause)
            } else if error.is_parse_too_large() {
                violation.cause(Cause::TooLarge)
            } else if error.is_parse() || is_bad_body(error) || says(error, UNEXPECTED_MESSAGE) {
                violation.cause(Cause::Malformed)
            } else if error.is_incomplete_message() {
                Verdict::new(Reason::NetworkError, Side::Network).cause(Cause::UncleanEof)
            } else if error.is_canceled() || error.is_closed() {
                // "Connection was not ready", "connection closed": the connection's own future knows why.
                Verdict::new(Reason::Unknown, Side::Unknown).ranked(Rank::FollowOn)
            } else if error.is_user() {
                // Our service or our body failed. What lies inside may be an end of this very connection: a service
                // hands on what it got from reading a body.
                Verdict::new(Reason::Unknown, Side::Local).cause(Cause::InternalError).ranked(Rank::BrokenPipe)
            } else {
                return None;
            })
        }

        /// Chunks that make no sense: hyper's own finding, which it hands on as `InvalidInput`.
        fn is_bad_body(error: &library::Error) -> bool {
            let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
            !error.is_user() && kind == Some(io::ErrorKind::InvalidInput)
        }

        /// A response that nobody asked for: the one kind of error without a method of its own.
        const UNEXPECTED_MESSAGE: &str = "received unexpected message from connection";

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            Reading::from(error.downcast_ref::<library::Error>().and_then(verdict))
        }

        read as Reader
    }};
}
