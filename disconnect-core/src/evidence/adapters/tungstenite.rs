//! The adapter for `tungstenite::Error`, from version 0.20 on, also inside errors of `tokio-tungstenite` and `axum`.

/// Reads the variants. A close frame is not an error but a message: give its code to
/// [`Endpoint::received`](crate::Endpoint::received).
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tungstenite {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
            number_after,
        };

        fn protocol(error: &library::error::ProtocolError) -> Verdict {
            match error {
                library::error::ProtocolError::ResetWithoutClosingHandshake
                | library::error::ProtocolError::HandshakeIncomplete => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof)
                }
                library::error::ProtocolError::SendAfterClosing => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn)
                }
                _ => Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed),
            }
        }

        /// The server answered the upgrade request with this HTTP status.
        fn refused(status: u16) -> Verdict {
            Verdict::new(Reason::Unknown, Side::Remote).with_cause(match status {
                401 | 403 | 407 => Cause::Auth,
                408 | 504 => Cause::Deadline,
                429 => Cause::Limit,
                503 => Cause::Overload,
                500..=599 => Cause::InternalError,
                _ => Cause::Negotiation,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            Reading::verdict(match error {
                // The peer's close frame came before.
                library::Error::ConnectionClosed | library::Error::AlreadyClosed => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn)
                }
                library::Error::Protocol(error) => protocol(error),
                library::Error::Capacity { .. } => {
                    Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::TooLarge)
                }
                library::Error::Utf8 { .. } | library::Error::AttackAttempt => {
                    Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed)
                }
                library::Error::WriteBufferFull { .. } => {
                    Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Overload)
                }
                library::Error::Io(inside) => return Reading::inside(inside),
                // The blocking `connect` drops the error of each address.
                library::Error::Url(library::error::UrlError::UnableToConnect { .. }) => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable)
                }
                // A variant of the feature `handshake`, which an adapter must not name. `source()` returns
                // TLS errors. Other variants belong to a dial.
                error => return Reading::from(number_after(error, "HTTP error: ").map(refused)),
            })
        }

        read as Reader
    }};
}
