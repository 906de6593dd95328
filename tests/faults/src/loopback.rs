//! Connections on loopback, and unusual ways to end them.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use disconnect_faults::{Error, FaultProxy};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A connected pair: the client's and the server's socket.
pub(crate) async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (client, accepted) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
    Ok((client, accepted.0))
}

/// A fault that a proxy injects into its connections.
pub(crate) type Inject = fn(&FaultProxy) -> Result<(), Error>;

/// A connected pair through a proxy that injects faults.
pub(crate) async fn pair_through_proxy() -> io::Result<(TcpStream, TcpStream, FaultProxy)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = FaultProxy::start(listener.local_addr()?)?;
    let (client, accepted) = tokio::try_join!(TcpStream::connect(proxy.address()), listener.accept())?;
    Ok((client, accepted.0, proxy))
}

/// Closes with an RST. Data in flight is not delivered.
#[allow(clippy::needless_pass_by_value, reason = "the drop at its end is the close")]
pub(crate) fn reset(stream: TcpStream) -> io::Result<()> {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

/// Drops all packets to this socket from now on, and so also the acknowledgements: a pulled cable.
pub(crate) fn black_hole(socket: &impl AsFd) -> io::Result<()> {
    /// "Return a constant", an instruction of the kernel's packet filters (BPF).
    const RETURN: u16 = 0x06;
    socket2::SockRef::from(socket).attach_filter(&[socket2::SockFilter::new(RETURN, 0, 0, 0)])
}

/// Ends [`black_hole`].
pub(crate) fn back_in_reach(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).detach_filter()
}

/// Another handle of the same socket: to write bytes that the library would not write, or to shut the socket down.
pub(crate) fn tap(stream: &TcpStream) -> io::Result<TcpStream> {
    TcpStream::from_std(socket2::SockRef::from(stream).try_clone()?.into())
}

/// A stream that records what its reader received.
pub(crate) struct Recorded<S> {
    stream: S,
    record: Record,
}

/// The number of bytes that a reader received, and how they ended.
#[derive(Clone, Default)]
pub(crate) struct Record(watch::Sender<(usize, Option<String>)>);

impl<S> Recorded<S> {
    pub(crate) fn new(stream: S) -> (Self, Record) {
        let record = Record::default();
        (Self { stream, record: record.clone() }, record)
    }
}

impl Record {
    /// What was received, as far as it is the same in every run.
    pub(crate) fn text(&self) -> String {
        let (bytes, end) = &*self.0.borrow();
        let bytes = if *bytes == 0 { "nothing" } else { "bytes" };
        format!("{bytes}, then {}", end.as_deref().unwrap_or("silence"))
    }

    /// Waits until this many bytes have been read.
    pub(crate) async fn read(&self, bytes: usize) {
        // Cannot fail: `self` holds a sender.
        let _ = self.0.subscribe().wait_for(|(read, _)| *read >= bytes).await;
    }

    fn note(&self, read: &io::Result<usize>) {
        self.0.send_modify(|(total, end)| match read {
            Ok(0) => *end = Some("read 0".to_owned()),
            Ok(bytes) => *total += bytes,
            Err(error) => *end = Some(format!("{error:?}")),
        });
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recorded<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, into));
        self.record.note(&read.as_ref().map(|()| into.filled().len() - before).map_err(|error| error.kind().into()));
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recorded<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
