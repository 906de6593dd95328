//! The adapter for `s2n_quic::connection::Error` and `s2n_quic::stream::Error`, version 1, also inside an `io::Error`.

/// Reads codes and who sent them. "Closed without an error" by the peer is not a goodbye: s2n-quic also reports it if
/// the peer's application refused the connection during the handshake.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_s2n_quic {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

        fn connection(error: &library::connection::Error) -> Option<Verdict> {
            let network = Verdict::new(Reason::NetworkError, Side::Network);
            let ours = Verdict::new(Reason::Unknown, Side::Local);
            Some(match error {
                library::connection::Error::Application { error, initiator, .. } if initiator.is_remote() => {
                    Code::quic_application(**error).received()
                }
                library::connection::Error::Transport { code, initiator, .. } if initiator.is_remote() => {
                    Code::quic(code.as_u64()).received()
                }
                library::connection::Error::Transport { code, .. } => {
                    Code::quic(code.as_u64()).sent().with_rank(Rank::Violation)
                }
                library::connection::Error::Closed { initiator, .. } if initiator.is_remote() => {
                    Verdict::new(Reason::Unknown, Side::Remote).said_by_peer()
                }
                // This side closed, and the reason was recorded before.
                library::connection::Error::Closed { .. }
                | library::connection::Error::Application { .. }
                | library::connection::Error::EndpointClosing { .. } => ours.with_rank(Rank::FollowOn),
                library::connection::Error::StatelessReset { .. } => network.with_cause(Cause::Reset),
                library::connection::Error::IdleTimerExpired { .. } => network.with_cause(Cause::IdleTimeout),
                library::connection::Error::MaxHandshakeDurationExceeded { .. } => network.with_cause(Cause::Deadline),
                library::connection::Error::NoValidPath { .. } => network.with_cause(Cause::Unreachable),
                library::connection::Error::StreamIdExhausted { .. } => ours.with_cause(Cause::Limit),
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref::<library::connection::Error>() {
                return Reading::from(connection(error));
            }
            match error.downcast_ref::<library::stream::Error>() {
                Some(library::stream::Error::ConnectionError { error, .. }) => Reading::inside(error),
                Some(library::stream::Error::StreamReset { error, .. }) => {
                    Reading::verdict(Code::quic_application(**error).received())
                }
                // The stream was already closed, or the operation is invalid in its state.
                Some(_) => Reading::verdict(Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn)),
                None => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
