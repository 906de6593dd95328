//! `tungstenite::Error`, from version 0.20 on, also as `tokio-tungstenite` and `axum` carry it.

/// What its variants mean. A close frame is no error: it is a message, for [`Endpoint::received`](crate::Endpoint).
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tungstenite {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{Cause, Error, Rank, Reader, Reading, Reason, Side, Verdict};

        fn protocol(error: &library::error::ProtocolError) -> Verdict {
            match error {
                library::error::ProtocolError::ResetWithoutClosingHandshake
                | library::error::ProtocolError::HandshakeIncomplete => {
                    Verdict::new(Reason::NetworkError, Side::Network).cause(Cause::UncleanEof)
                }
                library::error::ProtocolError::SendAfterClosing => {
                    Verdict::new(Reason::Unknown, Side::Unknown).ranked(Rank::FollowOn)
                }
                _ => Verdict::new(Reason::ProtocolError, Side::Remote).cause(Cause::Malformed),
            }
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            Reading::from(error.downcast_ref::<library::Error>().and_then(|error| match error {
                // The goodbye came earlier, in a close frame.
                library::Error::ConnectionClosed | library::Error::AlreadyClosed => {
                    Some(Verdict::new(Reason::Unknown, Side::Unknown).ranked(Rank::FollowOn))
                }
                library::Error::Protocol(error) => Some(protocol(error)),
                library::Error::Capacity { .. } => {
                    Some(Verdict::new(Reason::ProtocolError, Side::Remote).cause(Cause::TooLarge))
                }
                library::Error::Utf8 { .. } | library::Error::AttackAttempt => {
                    Some(Verdict::new(Reason::ProtocolError, Side::Remote).cause(Cause::Malformed))
                }
                library::Error::WriteBufferFull { .. } => {
                    Some(Verdict::new(Reason::Unknown, Side::Local).cause(Cause::Overload))
                }
                // I/O and TLS errors are sources; the rest belongs to a dial.
                _ => None,
            }))
        }

        read as Reader
    }};
}
