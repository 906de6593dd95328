//! Further services of the line protocol: blocking, with one task for each half, and with sibling streams.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Disconnect, Endpoint};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::{LONG, SHORT};
use crate::line::line;
use crate::loopback::Recorded;
use crate::recipes::tokio as recipe;

/// The reading loop under a guard.
pub(super) async fn serve(stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    serve_within(stream, end, LONG).await
}

pub(super) async fn serve_within(stream: impl AsyncRead + Unpin, end: Endpoint, patience: Duration) -> Disconnect {
    line(end, async |_| recipe::serve(stream, end, patience).await).await
}

/// The same. Also returns what the loop received.
pub(super) async fn serve_recorded(stream: impl AsyncRead + Unpin, end: Endpoint) -> (Disconnect, String) {
    let (stream, record) = Recorded::new(stream);
    let ended = serve(stream, end).await;
    (ended, record.text())
}

/// The same loop on a blocking socket of std. A read timeout is `WouldBlock` (`TimedOut` on Windows), which is no end
/// by itself, so the code that set the timeout has to record its meaning.
pub(super) fn serve_blocking(stream: std::net::TcpStream, end: Endpoint) -> io::Result<Disconnect> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(SHORT))?;
    let mut reader = io::BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        match io::BufRead::read_until(&mut reader, b'\n', &mut line).map(|_| line.strip_suffix(b"\n")) {
            Ok(Some(b"bye")) => return Ok(end.closed_by_peer()),
            Ok(Some(b"going away")) => return Ok(end.resolve(Verdict::going_away(Side::Remote))),
            Ok(Some(line)) if recipe::is_known(line) => {}
            Ok(Some(_)) => return Ok(end.failed(&io::Error::from(io::ErrorKind::InvalidData))),
            Ok(None) => return Ok(end.eof()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(end.idle_timeout()),
            Err(error) => return Ok(end.failed(&error)),
        }
    }
}

/// A service that only sends: it sees ends only through its writes.
pub(super) async fn publish(mut stream: impl AsyncWrite + Unpin, end: Endpoint) -> Disconnect {
    line(end, async |_| -> io::Result<_> {
        loop {
            stream.write_all(b"line 1\n").await?;
        }
    })
    .await
}

/// A service with one loop for each half.
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

/// The end of a side that leaves.
pub(super) async fn leave(mut stream: TcpStream, end: Endpoint) -> Disconnect {
    line(end, async |ended| recipe::leave(&mut stream, &ended, b"bye\n", end.closed_locally(), SHORT).await).await
}

/// A shutdown that begins at once.
pub(super) async fn shut_down(mut stream: TcpStream, end: Endpoint) -> Disconnect {
    line(end, async |ended| recipe::leave(&mut stream, &ended, b"going away\n", end.shutting_down(), SHORT).await).await
}

/// One of several streams to the same peer. The first one that ends cancels the others and passes them its end, which
/// is also theirs. No side is shutting down.
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
