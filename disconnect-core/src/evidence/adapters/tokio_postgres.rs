//! `tokio_postgres::Error` and `DbError`, from version 0.5 on, also as `postgres` carries them.

/// A `SQLSTATE` means what the server said; the rest is known by the words of the error alone.
///
/// "Connection closed" is an end of file for the connection's own future, and only follows from it for everybody else, so
/// its rank is low. Who shut the server down at once, or a crash beside, says so in a notice before: see the guide.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tokio_postgres {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict, says,
            sqlstate,
        };

        fn verdict(error: &library::Error) -> Option<Verdict> {
            let network = Verdict::new(Reason::NetworkError, Side::Network);
            let violation = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed);
            Some(match error.source() {
                None if says(error, "connection closed") => {
                    network.with_cause(Cause::UncleanEof).with_rank(Rank::BrokenPipe)
                }
                None if says(error, "timeout waiting for server") => network.with_cause(Cause::Deadline),
                None if says(error, "unexpected message from server") => violation,
                // Bytes that make no sense. The `io::Error` inside is of the parser, and not of the transport.
                Some(_) if says(error, "error parsing response from server") => violation,
                // Of the password exchange; what a server refuses has a `SQLSTATE`.
                Some(_) if says(error, "authentication error") => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::Auth)
                }
                // A server without TLS. The error of a handshake that failed lies inside, and is stronger.
                Some(_) if says(error, "error performing TLS handshake") => {
                    let refused = Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::Negotiation);
                    refused.with_rank(Rank::FollowOn)
                }
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref::<library::error::DbError>() {
                return Reading::verdict(sqlstate(error.code().code()));
            }
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            match (verdict(error), error.source()) {
                (None, Some(source)) => Reading::inside(source),
                (verdict, _) => Reading::from(verdict),
            }
        }

        read as Reader
    }};
}
