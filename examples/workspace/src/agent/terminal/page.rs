//! The page with a terminal that the agent serves, and the check of a request's origin.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::Request;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::header::{HOST, ORIGIN};

/// The start of a request for the page. A request for a terminal has a longer path.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\n";
const PAGE: &str = include_str!("page.html");

/// Whether the request is for the page. Waits for its first bytes, and does not consume them.
pub(super) async fn is_wanted(stream: &TcpStream) -> io::Result<bool> {
    let mut begin = [0; REQUEST.len()];
    let length = stream.peek(&mut begin).await?;
    if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(begin == *REQUEST) }
}

/// Answers with the page. It contains no secret: the user adds the token to the address.
pub(super) async fn serve(mut stream: TcpStream) -> io::Result<()> {
    const LONGEST: usize = 16 * 1024;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let length = PAGE.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
         Content-Security-Policy: frame-ancestors 'none'\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{PAGE}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// Whether a request comes from no page, or from a page of this server. The host has to be an IP address, because an
/// attacker could point any other name to this address.
pub(super) fn admits(request: &Request) -> bool {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = request.headers().get(ORIGIN) else { return true };
    let Some(host) = text(HOST) else { return false };
    let name = host.parse::<Uri>().ok();
    let name = name.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    let is_address = name == "localhost" || name.parse::<std::net::IpAddr>().is_ok();
    is_address && origin.as_bytes() == format!("http://{host}").as_bytes()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_page_from_elsewhere_gets_no_terminal() {
        let from = |origin: &str, host: &str| {
            admits(&Request::builder().header(ORIGIN, origin).header(HOST, host).body(()).unwrap())
        };
        assert!(admits(&Request::new(())));
        for host in ["127.0.0.1:4000", "localhost:80", "[::1]:80"] {
            assert!(from(&format!("http://{host}"), host), "{host}");
        }
        for (origin, host) in [
            ("http://example.com", "127.0.0.1:4000"),
            ("http://127.0.0.1:3000", "127.0.0.1:4000"),
            ("null", "127.0.0.1:4000"),
            ("http://rebound.example:4000", "rebound.example:4000"),
        ] {
            assert!(!from(origin, host), "{origin}");
        }
    }
}
