//! The adapter for `tokio_postgres::Error` and `DbError`, from version 0.5 on, also inside errors of `postgres`.

/// Reads the `SQLSTATE` that the server sent. All other variants are private, so their texts are read.
///
/// For the connection's future, "connection closed" is an end of file. For a query it only follows from that. Both
/// errors are equal, so the rank is low. An immediate shutdown and the crash of another session arrive as notices
/// before: see `evidence`, which describes how to read them.
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
                // The message does not parse. The `io::Error` inside comes from the parser, not from the transport.
                Some(_) if says(error, "error parsing response from server") => violation,
                // The password exchange failed on this side. A rejection by the server has a `SQLSTATE`.
                Some(_) if says(error, "authentication error") => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::Auth)
                }
                // The server has no TLS. A failed handshake has a stronger error inside.
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
