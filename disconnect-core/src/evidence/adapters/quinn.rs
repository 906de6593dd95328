//! `quinn::ConnectionError` and the stream errors around it, from version 0.10 on.

/// What the connection's end means, and what a reset or stopped stream carries.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_quinn {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{Cause, Code, Error, Rank, Reader, Reading, Reason, Side, Verdict};

        fn connection(error: &library::ConnectionError) -> Option<Verdict> {
            Some(match error {
                library::ConnectionError::ApplicationClosed(frame) => {
                    Code::quic_application(frame.error_code.into_inner()).received()
                }
                library::ConnectionError::ConnectionClosed(frame) => Code::quic(frame.error_code.into()).received(),
                library::ConnectionError::TransportError(error) => {
                    Code::quic(error.code.into()).sent().with_rank(Rank::Violation)
                }
                library::ConnectionError::Reset => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Reset)
                }
                library::ConnectionError::TimedOut => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::IdleTimeout)
                }
                library::ConnectionError::VersionMismatch => {
                    Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Negotiation)
                }
                // We closed it: why was known before.
                library::ConnectionError::LocallyClosed => {
                    Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn)
                }
                #[allow(unreachable_patterns, reason = "newer versions have more variants")]
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let stream = |code: library::VarInt| Reading::verdict(Code::quic_application(code.into_inner()).received());
            if let Some(error) = error.downcast_ref::<library::ConnectionError>() {
                return Reading::from(connection(error));
            }
            if let Some(error) = error.downcast_ref::<library::ReadError>() {
                return match error {
                    library::ReadError::Reset(code) => stream(*code),
                    library::ReadError::ConnectionLost(inside) => Reading::inside(inside),
                    _ => Reading::NOTHING,
                };
            }
            match error.downcast_ref::<library::WriteError>() {
                Some(library::WriteError::Stopped(code)) => stream(*code),
                Some(library::WriteError::ConnectionLost(inside)) => Reading::inside(inside),
                _ => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
