//! The adapter for `lapin::Error` and the `AMQPError` inside, from version 2 on.

/// Reads the reply code of the broker and the errors that lapin found. A broker sends `CONNECTION_FORCED` when it shuts
/// down, and when an operator closes one connection. Only RabbitMQ's text for a shutdown makes it a goodbye.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_lapin {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use ::std::io;

        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict, amqp,
            begins_with, says,
        };

        fn said(error: &library::protocol::AMQPError) -> Verdict {
            const STOPS: &str = "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'";
            match error.get_id() {
                320 if error.get_message().as_str() == STOPS => Verdict::going_away(Side::Remote),
                code => amqp(code),
            }
        }

        fn found(error: &library::Error) -> Option<Verdict> {
            let network = Verdict::new(Reason::NetworkError, Side::Network);
            // lapin reports a FIN as `ConnectionAborted` without an errno.
            let is_eof = |io: &io::Error| io.kind() == io::ErrorKind::ConnectionAborted && io.raw_os_error().is_none();
            match error.source() {
                Some(source) if source.downcast_ref().is_some_and(is_eof) => Some(network.with_cause(Cause::UncleanEof)),
                None if says(error, "no heartbeat received from server for too long") => {
                    Some(network.with_cause(Cause::KeepaliveTimeout))
                }
                None if begins_with(error, "the server only supports AMQP ") => {
                    Some(Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation))
                }
                // Use after close: the connection's own error has the reason.
                None if begins_with(error, "invalid connection state") || begins_with(error, "invalid channel") => {
                    Some(Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn))
                }
                Some(_) if begins_with(error, "failed to parse: ") => {
                    Some(Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed))
                }
                _ => None,
            }
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref::<library::protocol::AMQPError>() {
                return Reading::verdict(said(error));
            }
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            match (found(error), error.source()) {
                (None, Some(source)) => Reading::inside(source),
                (verdict, _) => Reading::from(verdict),
            }
        }

        read as Reader
    }};
}
