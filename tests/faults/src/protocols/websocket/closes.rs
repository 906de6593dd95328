//! Close frames: the codes in both directions, hostile reasons, and what comes after a goodbye.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;

use super::Which::{Dialer, Listener};
use super::violations::masked;
use super::{Link, PROTOCOL, Session, Which, close_frame, connect};
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

/// One side ends the connection with a code, or with an empty close frame.
struct Goodbye {
    code: Option<u16>,
    link: Link,
    by: Which,
    truth: Truth,
}

const fn goodbye(code: u16, link: Link, by: Which, why: Why, who: By) -> Goodbye {
    Goodbye { code: Some(code), link, by, truth: truth(why, who) }
}

const fn empty(link: Link, by: Which, why: Why, who: By) -> Goodbye {
    Goodbye { code: None, link, by, truth: truth(why, who) }
}

const GOODBYES: &[Goodbye] = &[
    goodbye(1000, Link::SESSION, Dialer, Why::ClientClosed, By::Client),
    goodbye(1000, Link::SESSION, Listener, Why::Graceful, By::Agent),
    goodbye(1000, Link::COORDINATION, Dialer, Why::Graceful, By::Agent),
    goodbye(1001, Link::COORDINATION, Listener, Why::ServerShutdown, By::Server),
    goodbye(1001, Link::COORDINATION, Dialer, Why::ServerShutdown, By::Agent),
    goodbye(1001, Link::CONTROL, Dialer, Why::ClientClosed, By::Client),
    goodbye(1008, Link::CONTROL, Listener, Why::Unknown, By::Server),
    goodbye(1011, Link::SESSION, Listener, Why::Unknown, By::Agent),
    goodbye(1011, Link::CONTROL, Dialer, Why::Unknown, By::Client),
    goodbye(1012, Link::CONTROL, Listener, Why::ServerShutdown, By::Server),
    goodbye(1013, Link::COORDINATION, Listener, Why::Unknown, By::Server),
    goodbye(1014, Link::CONTROL, Listener, Why::NetworkError, By::Server),
    goodbye(3000, Link::CONTROL, Listener, Why::Unknown, By::Server),
    goodbye(4999, Link::SESSION, Listener, Why::Unknown, By::Agent),
    goodbye(4999, Link::SESSION, Dialer, Why::Unknown, By::Client),
    empty(Link::SESSION, Dialer, Why::ClientClosed, By::Client),
    empty(Link::CONTROL, Listener, Why::Graceful, By::Server),
];

/// Registered with IANA, but not known to tungstenite.
const REWRITTEN: u16 = 1014;
pub(super) const REWRITES: &str = "tungstenite hands over a close code that it does not allow as a 1002 of the peer's";

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for goodbye in GOODBYES {
        let (dialer, listener) = connect::plain().await?;
        let link = goodbye.link;
        match goodbye.by {
            Dialer => both_ends(matrix, goodbye, (dialer, link.dialer), (listener, link.listener)).await,
            Listener => both_ends(matrix, goodbye, (listener, link.listener), (dialer, link.dialer)).await,
        }
    }
    hostile_reason(matrix).await?;
    data_after_close(matrix).await
}

type End = (WebSocketStream<TcpStream>, super::Stand);

async fn both_ends(matrix: &mut Matrix, goodbye: &Goodbye, closer: End, other: End) {
    let frame = goodbye.code.map(|code| close_frame(code.into(), ""));
    let (socket, (closer, end)) = closer;
    let mut leaving = Session::new(socket, end);
    let (socket, (seen_by, end)) = other;
    let (said, heard) = tokio::join!(leaving.close(frame), Session::new(socket, end).serve());
    let injected = match goodbye.code {
        Some(code) => format!("close {code} by the {closer}"),
        None => format!("close without a code by the {closer}"),
    };
    matrix.decidable(PROTOCOL, &injected, closer, goodbye.truth, said);
    if goodbye.code == Some(REWRITTEN) {
        matrix.undecidable(PROTOCOL, injected, seen_by, goodbye.truth, heard, REWRITES);
    } else {
        matrix.decidable(PROTOCOL, injected, seen_by, goodbye.truth, heard);
    }
}

/// 123 bytes, the most that a close frame holds, of terminal escapes and text that is written from right to left.
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
    matrix.decidable(PROTOCOL, "123 bytes of escapes as reason", "agent", truth(Why::Unknown, By::Client), heard);
    Ok(())
}

/// More after the close frame, in one segment: it follows from nothing that came before, but the goodbye was said.
async fn data_after_close(matrix: &mut Matrix) -> Outcome {
    let (mut dialer, listener) = connect::plain().await?;
    let frames = [masked(0x88, &1000u16.to_be_bytes()), masked(0x81, b"more")].concat();
    dialer.get_mut().write_all(&frames).await?;
    let agent = Session::new(listener, Link::SESSION.listener.1);
    let heard = agent.serve().await;
    matrix.decidable(PROTOCOL, "data after close 1000", "agent", truth(Why::ClientClosed, By::Client), heard);

    // We said goodbye, and the peer goes on until it has read that: still our goodbye.
    let (dialer, mut listener) = connect::plain().await?;
    let client = async {
        let mut session = Session::new(dialer, Link::SESSION.dialer.1);
        session.close(Some(close_frame(1000.into(), ""))).await
    };
    let (said, sent) = tokio::join!(client, async move {
        listener.get_mut().write_all(b"\x81\x04more\x88\x02\x03\xe8").await?;
        std::io::Result::Ok(())
    });
    sent?;
    matrix.decidable(PROTOCOL, "data after our own close 1000", "client", truth(Why::ClientClosed, By::Client), said);
    Ok(())
}
