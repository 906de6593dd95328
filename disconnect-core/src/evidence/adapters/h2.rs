//! `h2::Error`, from version 0.3 on.

/// What it means by its code and by who gave it, and the `io::Error` that it does not name as its source.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_h2 {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{Code, Error, Rank, Reader, Reading, Reason, Side, Verdict};

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
            Reading::verdict(match code {
                // Only in a `GOAWAY` is "no error" a goodbye. A reset cut the stream short, and does not say why.
                Some(code) if error.is_remote() && error.is_reset() && code.number() == 0 => {
                    Verdict::new(Reason::Unknown, Side::Remote).with_code(code)
                }
                Some(code) if error.is_remote() => code.received(),
                // The library found the violation and said so for us.
                Some(code) if error.is_library() => code.sent().with_rank(Rank::Violation),
                Some(code) => code.sent(),
                // Use of a stream or connection that is gone.
                None => Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn),
            })
        }

        read as Reader
    }};
}
