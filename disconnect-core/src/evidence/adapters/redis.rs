//! The adapter for `redis::RedisError`, from version 0.25 on.

/// Reads the predicates of the error. Redis has no goodbye: a server that stops, restarts, times a client out or kills
/// it sends a FIN.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_redis {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use ::std::io;

        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
            begins_with,
        };

        /// Versions before 0.32 do not expose the `io::Error`, so its text is read, which allocates.
        fn lost(error: &library::RedisError) -> Verdict {
            let network = Verdict::new(Reason::NetworkError, Side::Network);
            if error.is_timeout() {
                network.with_cause(Cause::Deadline)
            } else if error.is_connection_refusal() {
                network.with_cause(Cause::Unreachable)
            } else if error.source().is_none() && begins_with(error, "Connection reset") {
                network.with_cause(Cause::Reset)
            } else {
                network.with_cause(Cause::UncleanEof).with_rank(Rank::BrokenPipe)
            }
        }

        /// Returns the error of the transport. From version 1 on it is shared.
        fn transport(error: &library::RedisError) -> Option<&io::Error> {
            let source = error.source()?;
            let shared = source.downcast_ref::<::std::sync::Arc<dyn Error + Send + Sync>>();
            source.downcast_ref().or_else(|| shared.and_then(|shared| shared.downcast_ref()))
        }

        fn refused(error: &library::RedisError) -> Option<Verdict> {
            let by_peer = Verdict::new(Reason::Unknown, Side::Remote);
            match error.code()? {
                "ERR" if error.detail() == Some("max number of clients reached") => {
                    Some(by_peer.with_cause(Cause::Limit))
                }
                "NOAUTH" | "WRONGPASS" | "NOPERM" => Some(by_peer.with_cause(Cause::Auth)),
                "LOADING" | "BUSY" | "OOM" => Some(by_peer.with_cause(Cause::Overload)),
                "MASTERDOWN" | "CLUSTERDOWN" | "READONLY" | "MISCONF" => Some(by_peer),
                _ => None,
            }
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::RedisError>() else {
                return Reading::NOTHING;
            };
            if error.is_io_error() {
                return match transport(error) {
                    // The task that drives the connection ended first, without a reason.
                    Some(inside) if inside.kind() == io::ErrorKind::BrokenPipe && inside.raw_os_error().is_none() => {
                        Reading::settled(lost(error))
                    }
                    // A blocking client whose read timeout passed.
                    Some(inside) if inside.kind() == io::ErrorKind::WouldBlock => Reading::settled(lost(error)),
                    Some(inside) => Reading::verdict(lost(error).with_rank(Rank::FollowOn)).and_inside(inside),
                    None => Reading::verdict(lost(error)),
                };
            }
            if error.kind() == library::ErrorKind::AuthenticationFailed {
                return Reading::verdict(Verdict::new(Reason::Unknown, Side::Remote).with_cause(Cause::Auth));
            }
            // From version 1 on, a value that does not convert into the caller's type is also a parse error.
            let is_malformed = error.source().is_none() || begins_with(error, "Incompatible type - Parse error at ");
            if error.category() == "parse error" && is_malformed {
                let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
                return Reading::verdict(violation.with_cause(Cause::Malformed));
            }
            Reading::from(refused(error))
        }

        read as Reader
    }};
}
