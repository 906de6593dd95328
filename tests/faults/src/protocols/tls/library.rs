//! The library of the checked side, behind one interface.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use disconnect_core::{Classifier, Disconnect, Endpoint, classifier};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::setup::{Authority, Failure, NAME, Setup};
use crate::recipes::rustls::read_to_end;

static CLASSIFIER: Classifier = classifier![rustls = rustls, tokio = tokio];

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

pub(super) type Stream = Box<dyn Duplex>;

/// A handshake that returns a stream or an end.
pub(super) type Handshake = BoxFuture<'static, Result<Stream, Disconnect>>;

pub(super) struct Library {
    pub(super) protocol: &'static str,
    pub(super) client: Endpoint,
    pub(super) server: Endpoint,
    /// Prepares one side of a handshake on such a stream.
    pub(super) connect: fn(&Setup, &Authority, TcpStream) -> Result<Handshake, Failure>,
    pub(super) accept: fn(&Setup, &Authority, TcpStream) -> Result<Handshake, Failure>,
    /// The recipe of this library.
    pub(super) read_to_end: fn(Stream, Endpoint) -> BoxFuture<'static, Disconnect>,
    /// Whether the library can request client certificates. The cases that only repeat results of other libraries are
    /// skipped without it.
    pub(super) asks_clients: bool,
    pub(super) is_rustls: bool,
}

impl Library {
    pub(super) const RUSTLS: Self = Self {
        protocol: "tls",
        client: CLIENT,
        server: SERVER,
        connect,
        accept,
        read_to_end: |stream, end| Box::pin(read_to_end(stream, end)),
        asks_clients: true,
        is_rustls: true,
    };

    pub(super) fn endpoint(&self, side: &str) -> Endpoint {
        if side == "client" { self.client } else { self.server }
    }

    /// The handshake of one side.
    pub(super) fn side(
        &self,
        side: &str,
        setup: &Setup,
        known: &Authority,
        tcp: TcpStream,
    ) -> Result<Handshake, Failure> {
        if side == "client" { (self.connect)(setup, known, tcp) } else { (self.accept)(setup, known, tcp) }
    }

    /// The end of a handshake. If it succeeds, the end of its connection: with TLS 1.3 a client has finished before the
    /// server has seen its certificate.
    pub(super) async fn end(&self, side: &str, handshake: Handshake) -> Disconnect {
        match handshake.await {
            Ok(stream) => (self.read_to_end)(stream, self.endpoint(side)).await,
            Err(end) => end,
        }
    }
}

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

fn connect(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let handshake = setup.client(known)?.connect(NAME.try_into()?, tcp);
    Ok(Box::pin(async { handshake.await.map(boxed).map_err(|error| CLIENT.failed(&error)) }))
}

fn accept(setup: &Setup, known: &Authority, tcp: TcpStream) -> Result<Handshake, Failure> {
    let handshake = setup.server(known)?.accept(tcp);
    Ok(Box::pin(async { handshake.await.map(boxed).map_err(|error| SERVER.failed(&error)) }))
}

pub(super) fn boxed(stream: impl Duplex + 'static) -> Stream {
    Box::new(stream)
}

/// A stream that records the last read: an error, or `read 0`.
pub(super) struct LastRead<S> {
    stream: S,
    note: Arc<Mutex<String>>,
}

impl<S> LastRead<S> {
    pub(super) fn new(stream: S) -> (Self, impl FnOnce() -> String) {
        let note = Arc::<Mutex<String>>::default();
        (Self { stream, note: note.clone() }, move || note.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LastRead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let what = match &read {
            Poll::Ready(Err(error)) => format!("{error:?}"),
            Poll::Ready(Ok(())) if buffer.filled().len() == before => "read 0".to_owned(),
            Poll::Ready(Ok(())) | Poll::Pending => return read,
        };
        *self.note.lock().unwrap_or_else(PoisonError::into_inner) = what;
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LastRead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
