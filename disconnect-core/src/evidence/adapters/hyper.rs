//! `hyper::Error`, from version 0.14 on.

/// What its predicates mean. Over HTTP/2 the `h2::Error` inside says more: give the adapter `h2` as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_hyper {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{Cause, Error, Rank, Reader, Reading, Reason, Side, Verdict};

        fn verdict(error: &library::Error) -> Option<Verdict> {
            Some(if error.is_timeout() {
                Verdict::new(Reason::NetworkError, Side::Network).cause(Cause::KeepaliveTimeout)
            } else if error.is_parse_too_large() {
                Verdict::new(Reason::ProtocolError, Side::Remote).cause(Cause::TooLarge)
            } else if error.is_parse() {
                Verdict::new(Reason::ProtocolError, Side::Remote).cause(Cause::Malformed)
            } else if error.is_incomplete_message() {
                Verdict::new(Reason::NetworkError, Side::Network).cause(Cause::UncleanEof)
            } else if error.is_canceled() || error.is_closed() || error.is_body_write_aborted() {
                // "Connection was not ready", "connection closed": the connection's own future knows why.
                Verdict::new(Reason::Unknown, Side::Unknown).ranked(Rank::FollowOn)
            } else {
                return None;
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            Reading::from(error.downcast_ref::<library::Error>().and_then(verdict))
        }

        read as Reader
    }};
}
