//! OpenSSL: the peer's `close_notify` or a FIN without it, alerts, refusals, and bytes that are not TLS.
//!
//! The reader also understands OpenSSL's errors inside those of native-tls.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use disconnect_core::evidence::{Reading, Side, Verdict};
use disconnect_core::{
    Code, Disconnect, DisconnectCause as Cause, DisconnectGuard, DisconnectReason as Reason, Endpoint,
};
use openssl::error::ErrorStack;
use openssl::ssl::{self, ErrorCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_openssl::SslStream;

/// For `classifier![reader = reader]`.
pub fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let eof = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof);
    match error.downcast_ref::<ssl::Error>() {
        // OpenSSL's error for an end of file in a handshake.
        Some(error) if error.code() == ErrorCode::SYSCALL && error.io_error().is_none() => Reading::verdict(eof),
        _ => {
            let stack = error.downcast_ref::<ErrorStack>();
            Reading::from(stack.and_then(|stack| stack.errors().iter().find_map(|error| verdict(error.reason_code()))))
        }
    }
}

/// The reasons of `openssl/sslerr.h` that end a connection.
fn verdict(reason: i32) -> Option<Verdict> {
    let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
    Some(match reason {
        // The peer's alert: SSL_AD_REASON_OFFSET plus its number.
        1000..=1255 => Code::tls(u8::try_from(reason - 1000).ok()?).received(),
        // CERTIFICATE_VERIFY_FAILED, PEER_DID_NOT_RETURN_A_CERTIFICATE
        134 | 199 => Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Auth),
        // NO_SHARED_CIPHER, NO_APPLICATION_PROTOCOL, UNSUPPORTED_PROTOCOL
        193 | 235 | 258 => Verdict::new(Reason::ProtocolError, Side::Local).with_cause(Cause::Negotiation),
        // DATA_LENGTH_TOO_LONG, ENCRYPTED_LENGTH_TOO_LONG, PACKET_LENGTH_TOO_LONG
        146 | 150 | 198 => violation.with_cause(Cause::TooLarge),
        // HTTPS_PROXY_REQUEST, HTTP_REQUEST, LENGTH_MISMATCH, UNEXPECTED_MESSAGE, WRONG_VERSION_NUMBER,
        // DECRYPTION_FAILED_OR_BAD_RECORD_MAC, UNEXPECTED_RECORD, BAD_RECORD_TYPE
        155 | 156 | 159 | 244 | 245 | 267 | 281 | 443 => violation.with_cause(Cause::Malformed),
        _ => return None,
    })
}

/// A stream that returns an error for an end of file without the peer's goodbye, as rustls does. OpenSSL returns
/// `Ok(0)` for both. A peek after it distinguishes them: it returns `ZERO_RETURN` after a `close_notify`.
pub struct Strict<S>(pub SslStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Strict<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.0).poll_read(cx, buffer))?;
        if buffer.filled().len() > before || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_peek(cx, &mut [0])) {
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(()),
            Err(error) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)),
            Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Reads such a stream to its end.
pub async fn read_to_end(mut stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    const CLOSE_NOTIFY: Code = Code::tls(0);
    let guard = DisconnectGuard::new(end, |_| ());
    let ended = guard.handle();
    let read = async |_| -> io::Result<_> {
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(end.received(CLOSE_NOTIFY))
    };
    drop(guard.run(read).await);
    ended.so_far()
}
