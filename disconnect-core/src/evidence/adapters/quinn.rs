//! The adapter for `quinn::ConnectionError` and the errors of streams, from version 0.10 on.

/// Reads why the connection ended, and the code of a reset or stopped stream.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_quinn {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

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
                // Neither side broke a rule. This side found the mismatch, and gave up.
                library::ConnectionError::VersionMismatch => {
                    Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation)
                }
                // This side closed, and the reason was recorded before.
                library::ConnectionError::LocallyClosed => {
                    Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn)
                }
                #[allow(unreachable_patterns, reason = "newer versions have more variants")]
                _ => return None,
            })
        }

        /// The peer reset or stopped one stream.
        fn stream<'a>(code: library::VarInt) -> Reading<'a> {
            Reading::verdict(Code::quic_application(code.into_inner()).received().of_stream())
        }

        /// The stream was already closed, or the operation is invalid in its state.
        fn follow_on<'a>() -> Reading<'a> {
            Reading::verdict(Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn))
        }

        fn datagram(error: &library::SendDatagramError) -> Reading<'_> {
            match error {
                library::SendDatagramError::ConnectionLost(inside) => Reading::inside(inside),
                library::SendDatagramError::TooLarge => {
                    Reading::verdict(Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::TooLarge))
                }
                // Neither side broke a rule. This side gave up.
                library::SendDatagramError::UnsupportedByPeer => {
                    Reading::verdict(Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation))
                }
                #[allow(unreachable_patterns, reason = "newer versions have more variants")]
                _ => Reading::NOTHING,
            }
        }

        fn early_data_refused<'a>() -> Reading<'a> {
            Reading::verdict(Verdict::new(Reason::Unknown, Side::Remote).with_cause(Cause::Policy))
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref::<library::ConnectionError>() {
                return Reading::from(connection(error));
            }
            if let Some(error) = error.downcast_ref::<library::ReadError>() {
                return match error {
                    library::ReadError::Reset(code) => stream(*code),
                    library::ReadError::ConnectionLost(inside) => Reading::inside(inside),
                    library::ReadError::ZeroRttRejected => early_data_refused(),
                    _ => follow_on(),
                };
            }
            if let Some(error) = error.downcast_ref::<library::ReadExactError>() {
                return match error {
                    // The variant is transparent: its `source()` skips the error inside.
                    library::ReadExactError::ReadError(inside) => Reading::inside(inside),
                    library::ReadExactError::FinishedEarly { .. } => Reading::verdict(
                        Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof),
                    ),
                };
            }
            if let Some(error) = error.downcast_ref::<library::SendDatagramError>() {
                return datagram(error);
            }
            if let Some(library::ReadToEndError::TooLong) = error.downcast_ref() {
                return Reading::verdict(Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::TooLarge));
            }
            if let Some(library::StoppedError::ZeroRttRejected) = error.downcast_ref() {
                return early_data_refused();
            }
            match error.downcast_ref::<library::WriteError>() {
                Some(library::WriteError::Stopped(code)) => stream(*code),
                Some(library::WriteError::ConnectionLost(inside)) => Reading::inside(inside),
                Some(library::WriteError::ZeroRttRejected) => early_data_refused(),
                Some(_) => follow_on(),
                None => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
