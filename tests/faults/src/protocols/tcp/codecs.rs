//! Frames with tokio-util's codecs, and their errors at an end of file.

use std::io;

use bytes::{Bytes, BytesMut};
use disconnect_core::{Disconnect, Endpoint};
use tokio::net::TcpStream;
use tokio_util::codec::{Decoder, FramedRead, LengthDelimitedCodec, LinesCodec};

use super::{BOTH, Close, PROTOCOL, killed_in, write_and_close};
use crate::line::line;
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::tokio_util::{WholeLines, serve};

/// The maximum length of a line or frame.
const LONGEST: usize = 64;

#[rustfmt::skip] // one row per line
const LINES: [(&str, &[u8], Close); 7] = [
    ("goodbye, then FIN", b"line 1\nbye\n", Close::Fin),
    ("a line above the limit", &[b'1'; 100], Close::Fin),
    ("a line that is not UTF-8", b"line 1\n\xff\xfe\n", Close::Fin),
    ("FIN between lines", b"line 1\n", Close::Fin),
    ("FIN inside a line", b"line 1\nlin", Close::Fin),
    ("FIN inside a goodbye", b"line 1\nbye", Close::Fin),
    ("RST", b"line 1\n", Close::Rst),
];

#[rustfmt::skip] // one row per line
const FRAMES: [(&str, &[u8], Close); 6] = [
    ("goodbye, then FIN", b"\0\0\0\x06line 1\0\0\0\x03bye", Close::Fin),
    ("a frame above the limit", b"\x80\0\0\0", Close::Fin),
    ("FIN between frames", b"\0\0\0\x06line 1", Close::Fin),
    ("FIN inside a frame", b"\0\0\0\x06lin", Close::Fin),
    ("FIN inside a length", b"\0\0", Close::Fin),
    ("RST inside a frame", b"\0\0\0\x06lin", Close::Rst),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (seen_by, end) in BOTH {
        for (injected, bytes, close) in LINES {
            let ended = lines(ended_by(bytes, close).await?, end).await;
            matrix.add(Case::new(PROTOCOL, format!("LinesCodec: {injected}"), seen_by, ended));
        }
        let ended = lines(killed_in("writing").await?, end).await;
        matrix.add(Case::new(PROTOCOL, "LinesCodec: kill -9, writing", seen_by, ended));
        for (injected, bytes, close) in FRAMES {
            let ended = frames(ended_by(bytes, close).await?, end).await;
            matrix.add(Case::new(PROTOCOL, format!("LengthDelimitedCodec: {injected}"), seen_by, ended));
        }
        let ended = frames(killed_in("writing").await?, end).await;
        matrix.add(Case::new(PROTOCOL, "LengthDelimitedCodec: kill -9, writing", seen_by, ended));
        let ended = aborted(ended_by(b"line 1\n", Close::Fin).await?, end).await;
        matrix.add(Case::new(PROTOCOL, "a codec that calls a FIN ConnectionAborted", seen_by, ended));
    }
    Ok(())
}

/// A stream whose peer has written these bytes and closed.
async fn ended_by(bytes: &[u8], close: Close) -> io::Result<TcpStream> {
    let (seen, other) = pair().await?;
    write_and_close(other, bytes, close).await?;
    Ok(seen)
}

async fn lines(stream: TcpStream, end: Endpoint) -> Disconnect {
    let codec = WholeLines(LinesCodec::new_with_max_length(LONGEST));
    line(end, |_| serve(FramedRead::new(stream, codec), end)).await
}

async fn frames(stream: TcpStream, end: Endpoint) -> Disconnect {
    let codec = LengthDelimitedCodec::builder().max_frame_length(LONGEST).new_codec();
    line(end, |_| serve(FramedRead::new(stream, codec), end)).await
}

async fn aborted(stream: TcpStream, end: Endpoint) -> Disconnect {
    line(end, |_| serve(FramedRead::new(stream, Aborting), end)).await
}

/// A decoder that accepts everything and returns its own error at an end of file, like some libraries.
struct Aborting;

impl Decoder for Aborting {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<Bytes>> {
        Ok((!bytes.is_empty()).then(|| bytes.split().freeze()))
    }

    fn decode_eof(&mut self, _: &mut BytesMut) -> io::Result<Option<Bytes>> {
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}
