//! tokio: a goodbye, an end of file between or inside messages, silence, an unanswered goodbye, a panicked task.
//!
//! The protocol consists of lines, with `bye` as the goodbye.

use std::io;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, DisconnectHandle, Endpoint};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The maximum length of a line. A longer one is a protocol violation.
const LONGEST: u64 = 64;

/// Reads lines until the connection ends.
pub async fn serve(stream: impl AsyncRead + Unpin, end: Endpoint, patience: Duration) -> io::Result<Disconnect> {
    let mut reader = BufReader::new(stream);
    loop {
        match timeout(patience, read_line(&mut reader)).await??.as_deref() {
            Some(b"bye") => return Ok(end.closed_by_peer()),
            Some(b"going away") => return Ok(end.resolve(Verdict::going_away(Side::Remote))),
            Some(line) if is_known(line) => {}
            Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no such line")),
            // Between two lines. Inside a line, an end of file is an error.
            None => return Ok(end.eof()),
        }
    }
}

pub async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    reader.take(LONGEST).read_until(b'\n', &mut line).await?;
    match line.pop() {
        Some(b'\n') => Ok(Some(line)),
        None => Ok(None),
        Some(_) if line.len() as u64 + 1 == LONGEST => Err(io::Error::new(io::ErrorKind::InvalidData, "too long")),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

pub fn is_known(line: &[u8]) -> bool {
    line.strip_prefix(b"line ").is_some_and(|digits| digits.iter().all(u8::is_ascii_digit))
}

/// Leaves: records the end before closing. The result of the goodbye refines it.
pub async fn leave<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    ended: &DisconnectHandle,
    goodbye: &[u8],
    meant: Disconnect,
    patience: Duration,
) -> io::Result<Disconnect> {
    ended.set(meant);
    let said = async {
        stream.write_all(goodbye).await?;
        stream.shutdown().await?;
        stream.read_to_end(&mut Vec::new()).await
    };
    timeout(patience, said).await??;
    Ok(ended.so_far())
}

/// The end of a task that serves a connection: its own, or that it panicked or was aborted.
pub async fn supervise(task: JoinHandle<Disconnect>, end: Endpoint) -> Disconnect {
    match task.await {
        Ok(ended) => ended,
        Err(error) => end.failed(&error),
    }
}
