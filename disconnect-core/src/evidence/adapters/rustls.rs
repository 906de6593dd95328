//! The adapter for `rustls::Error`, from version 0.22 on.

/// An alert is a statement of the peer. Every other error is one that this side found in the peer's messages.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_rustls {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
        };

        /// The number of an alert. Versions before 0.23 have an inherent method, which takes precedence. Later ones
        /// implement `From`.
        #[allow(dead_code, reason = "not called where the library has the method")]
        trait Otherwise {
            fn get_u8(&self) -> u8;
        }
        impl<T: Copy> Otherwise for T
        where
            u8: From<T>,
        {
            fn get_u8(&self) -> u8 {
                u8::from(*self)
            }
        }

        fn verdict(error: &library::Error) -> Option<Verdict> {
            let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
            // Neither side broke a rule. The side that finds the mismatch closes, and sends the alert.
            let mismatch = Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation);
            let refused = Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Auth).with_rank(Rank::Violation);
            Some(match error {
                library::Error::AlertReceived(alert) => Code::tls(alert.get_u8()).received(),
                library::Error::InvalidCertificate { .. } | library::Error::NoCertificatesPresented => refused,
                library::Error::PeerIncompatible { .. } | library::Error::NoApplicationProtocol => mismatch,
                library::Error::PeerSentOversizedRecord
                | library::Error::InvalidMessage(library::InvalidMessage::MessageTooLarge) => {
                    violation.with_cause(Cause::TooLarge)
                }
                library::Error::InappropriateMessage { .. }
                | library::Error::InappropriateHandshakeMessage { .. }
                | library::Error::InvalidMessage { .. }
                | library::Error::PeerMisbehaved { .. }
                | library::Error::DecryptError => violation.with_cause(Cause::Malformed),
                _ => return None,
            })
        }

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            Reading::from(error.downcast_ref::<library::Error>().and_then(verdict))
        }

        read as Reader
    }};
}
