//! The adapter for `sqlx::Error`, from version 0.7 on.

/// Reads the variants, and the `SQLSTATE` of PostgreSQL and MySQL. The codes of SQLite do not describe a connection,
/// and reading one allocates.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_sqlx {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
            sqlstate,
        };

        fn verdict(error: &library::Error) -> Option<Verdict> {
            let ours = Verdict::new(Reason::Unknown, Side::Local);
            Some(match error {
                library::Error::Protocol { .. } => {
                    Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed)
                }
                // The server has no TLS. A failed handshake has a stronger error inside.
                library::Error::Tls { .. } => {
                    let refused = Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::Negotiation);
                    refused.with_rank(Rank::FollowOn)
                }
                // No connection of the pool became free, and none could be opened.
                library::Error::PoolTimedOut => ours.with_cause(Cause::Deadline),
                library::Error::PoolClosed => ours.with_rank(Rank::FollowOn),
                library::Error::WorkerCrashed => ours.with_cause(Cause::InternalError),
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            if let library::Error::Database(error) = error {
                return match error.code() {
                    Some(code) if code.len() == 5 => Reading::settled(sqlstate(&code)),
                    _ => Reading::inside(error),
                };
            }
            match (verdict(error), error.source()) {
                (None, Some(source)) => Reading::inside(source),
                (verdict, _) => Reading::from(verdict),
            }
        }

        read as Reader
    }};
}
