//! The adapter for `russh::Error`, from version 0.50 on.

/// Reads the variants, and the errors inside, which `source()` does not return.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_russh {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

        fn verdict(error: &library::Error) -> Option<Verdict> {
            let network = Verdict::new(Reason::NetworkError, Side::Network);
            let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
            let refused = Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Auth);
            Some(match error {
                library::Error::KeepaliveTimeout => network.with_cause(Cause::KeepaliveTimeout),
                library::Error::InactivityTimeout => network.with_cause(Cause::IdleTimeout),
                library::Error::ConnectionTimeout => network.with_cause(Cause::Deadline),
                library::Error::HUP => network.with_cause(Cause::UncleanEof),
                library::Error::PacketSize { .. }
                | library::Error::PacketAuth
                | library::Error::DecryptionError
                | library::Error::IndexOutOfBounds
                | library::Error::Inconsistent
                | library::Error::Utf8 { .. }
                | library::Error::SshEncoding { .. }
                | library::Error::StrictKeyExchangeViolation { .. }
                | library::Error::Version => violation.with_cause(Cause::Malformed),
                // Neither side broke a rule. The side that finds the mismatch disconnects (RFC 4253, section 7.1).
                library::Error::Kex | library::Error::KexInit | library::Error::NoCommonAlgo { .. } => {
                    Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation)
                }
                library::Error::WrongServerSig
                | library::Error::UnknownKey
                | library::Error::KeyChanged { .. }
                | library::Error::NotAuthenticated
                | library::Error::NoAuthMethod => refused,
                // The session task panicked. It cannot be aborted, and nothing else ends it without a result.
                library::Error::Join { .. } => Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Panicked),
                // Only the session's future has the reason.
                library::Error::Disconnect | library::Error::SendError | library::Error::RecvError => {
                    Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn)
                }
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            match error.downcast_ref::<library::Error>() {
                Some(library::Error::IO(inside)) => Reading::inside(inside),
                Some(library::Error::Elapsed(inside)) => Reading::inside(inside),
                Some(library::Error::Keys(inside)) => Reading::inside(inside),
                Some(error) => Reading::from(verdict(error)),
                None => match error.downcast_ref::<library::keys::Error>() {
                    Some(library::keys::Error::IO(inside)) => Reading::inside(inside),
                    _ => Reading::NOTHING,
                },
            }
        }

        read as Reader
    }};
}
