//! The adapter for `h3::error::ConnectionError` and `StreamError`, from version 0.0.8 on.

/// Reads HTTP/3 codes, who sent them, and the errors of the QUIC library inside, which `source()` does not
/// return.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_h3 {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use library::error::{ConnectionError, LocalError, StreamError};
        use library::quic::ConnectionErrorIncoming;

        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

        fn idle<'a>() -> Reading<'a> {
            Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::IdleTimeout))
        }

        /// A violation by the peer that h3 found, and closed the connection for.
        fn found(code: u64) -> Verdict {
            let verdict = Code::http3(code).sent();
            if verdict.side() == Side::Remote { verdict.with_rank(Rank::Violation) } else { verdict }
        }

        fn incoming(error: &ConnectionErrorIncoming) -> Reading<'_> {
            match error {
                ConnectionErrorIncoming::ApplicationClose { error_code } => {
                    Reading::verdict(Code::http3(*error_code).received())
                }
                ConnectionErrorIncoming::Timeout => idle(),
                ConnectionErrorIncoming::InternalError { .. } => {
                    Reading::verdict(Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::InternalError))
                }
                ConnectionErrorIncoming::Undefined(inside) => Reading::inside(&**inside),
                #[allow(unreachable_patterns, reason = "newer versions may have more variants")]
                _ => Reading::NOTHING,
            }
        }

        fn connection(error: &ConnectionError) -> Reading<'_> {
            match error {
                ConnectionError::Remote { 0: error, .. } => incoming(error),
                ConnectionError::Timeout { .. } => idle(),
                ConnectionError::Local { error: LocalError::Application { code, .. }, .. } => {
                    Reading::verdict(found(code.value()))
                }
                // This side closed, and the reason was recorded before.
                ConnectionError::Local { .. } => {
                    Reading::verdict(Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn))
                }
                _ => Reading::NOTHING,
            }
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref::<ConnectionError>() {
                return connection(error);
            }
            match error.downcast_ref::<StreamError>() {
                Some(StreamError::ConnectionError { 0: inside, .. }) => Reading::inside(inside),
                Some(StreamError::StreamError { code, .. }) => Reading::verdict(found(code.value()).of_stream()),
                Some(StreamError::RemoteTerminate { code, .. }) => {
                    Reading::verdict(Code::http3(code.value()).received().of_stream())
                }
                // A `GOAWAY`: the server accepts no new request.
                Some(StreamError::RemoteClosing { .. }) => Reading::verdict(Verdict::going_away(Side::Remote)),
                // Either this side's request is too large for the server, or the server's response for this side.
                Some(StreamError::HeaderTooBig { .. }) => {
                    Reading::verdict(Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::TooLarge))
                }
                Some(StreamError::Undefined { 0: inside, .. }) => Reading::inside(&**inside),
                Some(_) | None => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
