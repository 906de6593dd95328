//! An adapter for `fastwebsockets`, as any crate could ship it. Use it in `classifier!` as
//! `disconnect_third_party_adapter::adapter! = fastwebsockets`.

#[doc(hidden)]
pub use disconnect_core as __core;
/// Makes a reader for the errors of `fastwebsockets`. A close frame is not an error but a frame: give its code to
/// `Endpoint::received`.
#[macro_export]
macro_rules! adapter {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::__core::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };
        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::WebSocketError>() else {
                return Reading::NOTHING;
            };
            let refused = Verdict::new(Reason::Unknown, Side::Remote).with_cause(Cause::Negotiation);
            let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
            Reading::verdict(match error {
                // The variant is transparent: its `source()` skips the error inside.
                library::WebSocketError::IoError(inside) => return Reading::inside(inside),
                library::WebSocketError::UnexpectedEOF => {
                    Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof)
                }
                // The close frame of the peer came before.
                library::WebSocketError::ConnectionClosed => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn)
                }
                library::WebSocketError::InvalidStatusCode { .. }
                | library::WebSocketError::InvalidUpgradeHeader
                | library::WebSocketError::InvalidConnectionHeader => refused,
                library::WebSocketError::FrameTooLarge => violation.with_cause(Cause::TooLarge),
                // Variants of the features `upgrade` and `unstable-split` return the error inside as their source.
                error if error.source().is_some() => return Reading::NOTHING,
                _ => violation.with_cause(Cause::Malformed),
            })
        }
        read as Reader
    }};
}
