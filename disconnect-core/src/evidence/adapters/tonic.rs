//! The adapter for `tonic::Status`, from version 0.14 on.

/// Reads the status. Without a source, the peer sent it in the trailers. With a source, the error inside has the reason.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tonic {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Reader, Reading, Side, Verdict,
        };

        /// Reads the code. The server of tonic itself sets these texts, with codes that mean something else.
        fn told(status: &library::Status) -> Verdict {
            let code = Code::grpc(status.code().into());
            match status.code() {
                // The timer of the server, for the deadline of the client. The client's own timer has the same meaning.
                library::Code::Cancelled if status.message() == "Timeout expired" => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline).with_code(code)
                }
                // Both sides have this limit and this text, so it does not show whose message was too large.
                library::Code::OutOfRange
                    if status.message().starts_with("Error, decoded message length too large: ") =>
                {
                    Verdict::new(Reason::ProtocolError, Side::Unknown).with_cause(Cause::TooLarge).with_code(code)
                }
                _ => code.received(),
            }
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if error.is::<library::TimeoutExpired>() {
                return Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline));
            }
            let Some(status) = error.downcast_ref::<library::Status>() else {
                return Reading::NOTHING;
            };
            match status.source() {
                // Without a source it came from the trailers, or a service made it.
                None => Reading::verdict(told(status)),
                Some(source) => Reading::inside(source),
            }
        }

        read as Reader
    }};
}
