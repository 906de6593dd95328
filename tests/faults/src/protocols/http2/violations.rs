//! Frames that violate the protocol, by either side: at the side that reads them, and at the side that receives the
//! `GOAWAY`.

use disconnect_faults::Toward;
use tokio::io::AsyncWriteExt;

use super::{Client, Link, PROTOCOL, server};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

/// Bytes to write below the library, with stream 1 open.
type Frames = fn() -> Vec<u8>;

const BY_THE_CLIENT: &[(&str, Frames)] = &[
    ("DATA on stream 0", || frame(0x0, 0, 0, b"what")),
    ("SETTINGS of five bytes", || frame(0x4, 0, 0, b"what?")),
    ("HEADERS that do not decode", || frame(0x1, 0x5, 3, &[0xff; 8])),
    ("WINDOW_UPDATE beyond 2^31", || frame(0x8, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
    ("PUSH_PROMISE", || frame(0x5, 0x4, 1, &[0, 0, 0, 2, 0x82])),
    ("an HTTP/1 request amid frames", || b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()),
];

const BY_THE_SERVER: &[(&str, Frames)] = &[
    ("CONTINUATION of nothing", || frame(0x9, 0x4, 1, &[0x88])),
    ("HEADERS that do not decode", || frame(0x1, 0x4, 1, &[0xff; 8])),
    // Without its payload, which the client would not read: the unread bytes would reset the connection, and the GOAWAY
    // could be lost.
    ("frame above SETTINGS_MAX_FRAME_SIZE", || frame(0x0, 0, 1, &[0; 16_385])[..9].to_vec()),
    // Four frames of 16,384 bytes, after an event of five.
    ("DATA beyond the window", || frame(0x0, 0, 1, &[0; 16_384]).repeat(4)),
];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, frames) in BY_THE_CLIENT {
        let following = Link::SESSION.following().await?;
        following.proxy.inject(Toward::Server, &frames())?;
        following.both(matrix, &format!("{injected} by the client")).await?;
    }
    for (injected, frames) in BY_THE_SERVER {
        let following = Link::COORDINATION.following().await?;
        following.proxy.inject(Toward::Client, &frames())?;
        following.both(matrix, &format!("{injected} by the server")).await?;
    }
    prefaces(matrix).await
}

/// A peer that speaks another protocol from the start.
async fn prefaces(matrix: &mut Matrix) -> Outcome {
    let (mut near, far) = pair().await?;
    let server = server::start(far, Link::CONTROL.server.1);
    near.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    matrix.add(Case::new(PROTOCOL, "HTTP/1 by the client", "server", server.ended().await?));

    let (near, mut far) = pair().await?;
    let client = Client::connect(near, Link::CONTROL.client.1).await?;
    far.write_all(b"HTTP/1.1 505 HTTP Version Not Supported\r\ncontent-length: 0\r\n\r\n").await?;
    matrix.add(Case::new(PROTOCOL, "HTTP/1 by the server", "client", client.idle().await));
    Ok(())
}
