//! `tonic::Status`, from version 0.14 on.

/// A status without a source came from the peer's trailers; one with a source is what that source says.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_tonic {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{Cause, Code, Error, Reader, Reading, Reason, Side, Verdict};

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if error.is::<library::TimeoutExpired>() {
                return Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).cause(Cause::Deadline));
            }
            match error.downcast_ref::<library::Status>() {
                Some(status) if status.source().is_none() => {
                    Reading::verdict(Code::grpc(status.code().into()).received())
                }
                _ => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
