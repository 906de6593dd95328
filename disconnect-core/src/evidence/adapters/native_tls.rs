//! The adapter for `native_tls::Error`, version 0.2, if it uses OpenSSL.

/// Reads OpenSSL's code from the text, because the type of the error inside is private. On macOS and Windows the text
/// has no code, so only an `io::Error` inside is read.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_native_tls {
    ($($library:tt)+) => {{
        use $($library)+ as library;
        use $crate::evidence::vocabulary::{
            DisconnectCause as Cause, DisconnectReason as Reason, Error, Reader, Reading, Side, Verdict, openssl_in,
            says,
        };

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            let Some(error) = error.downcast_ref::<library::Error>() else {
                return Reading::NOTHING;
            };
            if error.source().is_none() && says(error, "unexpected EOF") {
                let eof = Verdict::new(Reason::NetworkError, Side::Network);
                return Reading::verdict(eof.with_cause(Cause::UncleanEof));
            }
            match (openssl_in(error), error.source()) {
                (None, Some(source)) => Reading::inside(source),
                (verdict, _) => Reading::from(verdict),
            }
        }

        read as Reader
    }};
}
