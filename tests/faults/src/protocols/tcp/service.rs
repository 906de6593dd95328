//! The natural code of a service on the protocol of lines: its loops, its codec, and what it says at each end.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, Endpoint};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{LONG, SHORT};
use crate::line::line;

/// A longer line breaks the protocol.
const LONGEST: u64 = 64;

/// The natural reading loop of a service, with its sites.
pub(super) async fn serve(stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    serve_within(stream, end, LONG).await
}

pub(super) async fn serve_within(stream: impl AsyncRead + Unpin, end: Endpoint, patience: Duration) -> Disconnect {
    line(end, async |_| -> io::Result<_> {
        let mut reader = BufReader::new(stream);
        loop {
            match timeout(patience, receive(&mut reader)).await?? {
                Some(Message::Line) => {}
                Some(Message::Bye) => return Ok(end.closed_by_peer()),
                Some(Message::GoingAway) => return Ok(end.resolve(Verdict::going_away(Side::Remote))),
                None => return Ok(end.eof()),
            }
        }
    })
    .await
}

enum Message {
    Line,
    Bye,
    GoingAway,
}

/// The codec: an end of file between two lines is `None`, inside a line an error.
async fn receive(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Message>> {
    let mut line = Vec::new();
    reader.take(LONGEST).read_until(b'\n', &mut line).await?;
    parse(&line)
}

fn parse(line: &[u8]) -> io::Result<Option<Message>> {
    let malformed = |why| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    match line.strip_suffix(b"\n") {
        None if line.is_empty() => Ok(None),
        None if line.len() as u64 == LONGEST => malformed("the line is too long"),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
        Some(b"bye") => Ok(Some(Message::Bye)),
        Some(b"going away") => Ok(Some(Message::GoingAway)),
        Some([b'l', b'i', b'n', b'e', b' ', digits @ ..]) if digits.iter().all(u8::is_ascii_digit) => {
            Ok(Some(Message::Line))
        }
        Some(_) => malformed("there is no such line"),
    }
}

/// The same loop on a blocking socket of std. A read timeout is `WouldBlock` there (`TimedOut` on Windows): by itself no
/// end of anything, so the site that set the timeout has to say what it means.
pub(super) fn serve_blocking(stream: std::net::TcpStream, end: Endpoint) -> io::Result<Disconnect> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SHORT))?;
    let mut reader = io::BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        match io::BufRead::read_until(&mut reader, b'\n', &mut line).and_then(|_| parse(&line)) {
            Ok(Some(Message::Line)) => {}
            Ok(Some(Message::Bye)) => return Ok(end.closed_by_peer()),
            Ok(Some(Message::GoingAway)) => return Ok(end.resolve(Verdict::going_away(Side::Remote))),
            Ok(None) => return Ok(end.eof()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(end.idle_timeout()),
            Err(error) => return Ok(end.failed(&error)),
        }
    }
}

/// A service that only sends: what it learns, it learns from its writes.
pub(super) async fn publish(mut stream: impl AsyncWrite + Unpin, end: Endpoint) -> Disconnect {
    line(end, async |_| -> io::Result<_> {
        loop {
            stream.write_all(b"line 1\n").await?;
        }
    })
    .await
}

/// A service with a loop for each half.
pub(super) async fn serve_halves(stream: TcpStream, end: Endpoint) -> Disconnect {
    let (read, write) = stream.into_split();
    of_both(end, serve(read, end), publish(write, end)).await
}

/// Both loops see an end, and the guard keeps the one that explains the other.
pub(in crate::protocols) async fn of_both(
    end: Endpoint,
    one: impl Future<Output = Disconnect>,
    other: impl Future<Output = Disconnect>,
) -> Disconnect {
    line(end, async |ended| -> Result<_, Infallible> {
        tokio::join!(async { ended.set(one.await) }, async { ended.set(other.await) });
        Ok(ended.so_far())
    })
    .await
}

/// The end of somebody who leaves: says so, closes its half, and reads what the peer still has to say.
pub(super) async fn leave(mut stream: TcpStream, end: Endpoint) -> io::Result<Disconnect> {
    stream.write_all(b"bye\n").await?;
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(end.closed_locally())
}

/// A shutdown that begins at once: says so, and gives the peer some time to close.
pub(super) async fn serve_until_shutdown(mut stream: TcpStream, end: Endpoint) -> Disconnect {
    line(end, async |ended| -> io::Result<_> {
        ended.set(end.shutting_down());
        let goodbye = async {
            stream.write_all(b"going away\n").await?;
            stream.read_to_end(&mut Vec::new()).await
        };
        timeout(SHORT, goodbye).await??;
        Ok(ended.so_far())
    })
    .await
}

/// One of several streams to the same peer: the first that ends takes the others with it. What cancels them carries why,
/// and that is their end too; nobody is shutting down.
pub(super) async fn serve_beside(
    stream: TcpStream,
    end: Endpoint,
    ended: watch::Sender<Option<Disconnect>>,
) -> Disconnect {
    let mut sibling = ended.subscribe();
    let own = async {
        let own = serve(stream, end).await;
        ended.send_replace(Some(own.clone()));
        own
    };
    tokio::select! {
        own = own => own,
        Ok(theirs) = sibling.wait_for(Option::is_some) => theirs.clone().unwrap_or_else(|| end.eof()),
    }
}

/// Whoever spawned the task of a connection: a task without a result has an end as well.
pub(super) async fn supervise(task: tokio::task::JoinHandle<Disconnect>, end: Endpoint) -> Disconnect {
    match task.await {
        Ok(ended) => ended,
        Err(error) => end.failed(&error),
    }
}
