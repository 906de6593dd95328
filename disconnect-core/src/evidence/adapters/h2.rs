//! `h2::Error`, from version 0.3 on.

/// What it means by its code and by who gave it, and the `io::Error` that it does not name as its source.
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
                // The transport failed, also where the kind does not say so: a FIN inside a frame is `Other`.
                let lost = Verdict::new(Reason::NetworkError, Side::Network).with_rank(Rank::BrokenPipe);
                return Reading::verdict(lost).and_inside(io);
            }
            let code = error.reason().map(|reason| Code::http2(reason.into()));
            let Some(code) = code else {
                // Use of a stream or connection that is gone.
                return Reading::verdict(Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn));
            };
            let verdict = if error.is_remote() { code.received() } else { code.sent() };
            // The library found the violation and said so for us. It also cancels and refuses, which accuses nobody.
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
