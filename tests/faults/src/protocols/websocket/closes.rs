//! Close frames: the codes in both directions, hostile reasons, and bytes after a goodbye.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Which::{Dialer, Listener};
use super::violations::masked;
use super::{Link, PROTOCOL, Session, Which, close_frame, connect, said};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

/// One side closes with a code, or with an empty close frame.
type Goodbye = (Option<u16>, Link, Which);

#[rustfmt::skip] // one row per line
const GOODBYES: &[Goodbye] = &[
    (Some(1000), Link::SESSION, Dialer),
    (Some(1000), Link::SESSION, Listener),
    (Some(1000), Link::CONTROL, Listener),
    (Some(1000), Link::COORDINATION, Dialer),
    (Some(1001), Link::COORDINATION, Listener),
    (Some(1001), Link::COORDINATION, Dialer),
    (Some(1001), Link::CONTROL, Dialer),
    (Some(1002), Link::CONTROL, Dialer),
    (Some(1002), Link::CONTROL, Listener),
    (Some(1003), Link::CONTROL, Dialer),
    (Some(1003), Link::CONTROL, Listener),
    (Some(1007), Link::CONTROL, Dialer),
    (Some(1007), Link::CONTROL, Listener),
    (Some(1008), Link::CONTROL, Dialer),
    (Some(1008), Link::CONTROL, Listener),
    (Some(1009), Link::CONTROL, Dialer),
    (Some(1009), Link::CONTROL, Listener),
    (Some(1010), Link::CONTROL, Dialer),
    (Some(1011), Link::SESSION, Listener),
    (Some(1011), Link::CONTROL, Dialer),
    (Some(1011), Link::CONTROL, Listener),
    (Some(1012), Link::CONTROL, Listener),
    (Some(1012), Link::CONTROL, Dialer),
    (Some(1013), Link::COORDINATION, Listener),
    (Some(1013), Link::CONTROL, Dialer),
    (Some(1014), Link::CONTROL, Listener),
    (Some(3000), Link::CONTROL, Listener),
    (Some(3000), Link::CONTROL, Dialer),
    (Some(3003), Link::CONTROL, Listener),
    (Some(4999), Link::SESSION, Listener),
    (Some(4999), Link::SESSION, Dialer),
    (Some(4999), Link::CONTROL, Listener),
    (None, Link::SESSION, Dialer),
    (None, Link::CONTROL, Listener),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for goodbye in GOODBYES {
        let (dialer, listener) = connect::plain().await?;
        let (_, link, by) = goodbye;
        match by {
            Dialer => both_ends(matrix, goodbye, (dialer, link.dialer), (listener, link.listener)).await,
            Listener => both_ends(matrix, goodbye, (listener, link.listener), (dialer, link.dialer)).await,
        }
    }
    accused(matrix).await?;
    hostile_reason(matrix).await?;
    data_after_close(matrix).await
}

type End = (WebSocketStream<TcpStream>, super::Stand);

async fn both_ends(matrix: &mut Matrix, (code, ..): &Goodbye, closer: End, other: End) {
    let frame = code.map(|code| close_frame(code.into(), ""));
    let (socket, (closer, end)) = closer;
    let mut leaving = Session::new(socket, end);
    let (socket, (seen_by, end)) = other;
    let (told, heard) = tokio::join!(leaving.close(frame), Session::new(socket, end).serve());
    let injected = match code {
        Some(1000) if (closer, seen_by) == ("agent", "server") => "close 1000 by the dialing agent".to_owned(),
        Some(code) => format!("close {code} by the {closer}"),
        None => format!("close without a code by the {closer}"),
    };
    let got = said(&heard);
    matrix.add(Case::new(PROTOCOL, &injected, closer, told));
    matrix.add(Case::new(PROTOCOL, injected, seen_by, heard).observed(got));
}

/// The frame that tungstenite answers to a code that it does not know: 1014, or a code that must not be sent.
async fn accused(matrix: &mut Matrix) -> Outcome {
    for (link, by) in [(Link::CONTROL, Listener), (Link::SESSION, Dialer)] {
        let (dialer, listener) = connect::plain().await?;
        let ((closer, _), socket, seen, (seen_by, end)) = match by {
            Dialer => (link.dialer, dialer, listener, link.listener),
            Listener => (link.listener, listener, dialer, link.dialer),
        };
        let frame = close_frame(CloseCode::Protocol, "Protocol violation");
        let mut leaving = Session::new(socket, end);
        let (_, heard) = tokio::join!(leaving.close(Some(frame)), Session::new(seen, end).serve());
        let injected = format!("close 1002 `Protocol violation` by the {closer}");
        let got = said(&heard);
        matrix.add(Case::new(PROTOCOL, injected, seen_by, heard).observed(got));
    }
    Ok(())
}

/// 123 bytes, the maximum of a close frame, of terminal escapes and right-to-left text.
async fn hostile_reason(matrix: &mut Matrix) -> Outcome {
    let reason = ["\u{1b}[2J\u{202e}".repeat(17), "\r\n\u{7}\0".to_owned()].concat();
    let (dialer, listener) = connect::plain().await?;
    let mut leaving = Session::new(dialer, Link::SESSION.dialer.1);
    let frame = close_frame(4999.into(), &reason);
    let (_, heard) = tokio::join!(leaving.close(Some(frame)), Session::new(listener, Link::SESSION.listener.1).serve());
    let detail = heard.detail().ok_or("the reason was lost")?;
    if detail.chars().any(|character| character.is_control() || character == '\u{202e}') {
        return Err(format!("the detail is not clean: {detail:?}").into());
    }
    matrix.add(Case::new(PROTOCOL, "123 bytes of escapes as reason", "agent", heard));
    Ok(())
}

/// Bytes after the close frame, in the same segment. The goodbye still counts.
async fn data_after_close(matrix: &mut Matrix) -> Outcome {
    let (mut dialer, listener) = connect::plain().await?;
    let frames = [masked(0x88, &1000u16.to_be_bytes()), masked(0x81, b"more")].concat();
    dialer.get_mut().write_all(&frames).await?;
    let agent = Session::new(listener, Link::SESSION.listener.1);
    let heard = agent.serve().await;
    matrix.add(Case::new(PROTOCOL, "data after close 1000", "agent", heard));

    // This side said goodbye, and the peer continues until it has read that. It is still a goodbye of this side.
    let (dialer, mut listener) = connect::plain().await?;
    let client = async {
        let mut session = Session::new(dialer, Link::SESSION.dialer.1);
        session.close(Some(close_frame(1000.into(), ""))).await
    };
    let (told, sent) = tokio::join!(client, async move {
        listener.get_mut().write_all(b"\x81\x04more\x88\x02\x03\xe8").await?;
        std::io::Result::Ok(())
    });
    sent?;
    matrix.add(Case::new(PROTOCOL, "data after our own close 1000", "client", told));
    Ok(())
}
