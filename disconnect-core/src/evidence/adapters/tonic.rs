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

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if error.is::<library::TimeoutExpired>() {
                return Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline));
            }
            let Some(status) = error.downcast_ref::<library::Status>() else {
                return Reading::NOTHING;
            };
            match status.source() {
                // Without a source it came from the trailers, or a service made it.
                None => Reading::verdict(Code::grpc(status.code().into()).received()),
                Some(source) => Reading::inside(source),
            }
        }

        read as Reader
    }};
}
