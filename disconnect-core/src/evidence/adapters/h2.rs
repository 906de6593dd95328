//! The adapter for `h2::Error`, from version 0.3 on.

/// Reads the code, who sent it, and the `io::Error` inside, which `source()` does not return.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_h2 {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            Code, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            if let Some(io) = error.get_io() {
                // The transport failed, also if the error kind is `Other`, as after a FIN inside a frame.
                let lost = Verdict::new(Reason::NetworkError, Side::Network).with_rank(Rank::BrokenPipe);
                return Reading::verdict(lost).and_inside(io);
            }
            let code = error.reason().map(|reason| Code::http2(reason.into()));
            let Some(code) = code else {
                // Use of a stream or connection that is already gone.
                return Reading::verdict(Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn));
            };
            let verdict = if error.is_remote() { code.received() } else { code.sent() };
            // A local error that accuses the peer is a violation that h2 found itself. Other local errors, such as a
            // cancelled or refused stream, accuse no side.
            let verdict = if error.is_library() && verdict.side() == Side::Remote {
                verdict.with_rank(Rank::Violation)
            } else {
                verdict
            };
            Reading::verdict(if error.is_reset() { verdict.of_stream() } else { verdict })
        }

        read as Reader
    }};
}
