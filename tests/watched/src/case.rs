//! Runs one connection through the fault proxy, and returns the end of its line.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use disconnect_core::{BoxedGuard, Classifier, Disconnect, Endpoint, Shutdown, classifier};
use disconnect_faults::{Cut, FaultProxy, Toward};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

use crate::recipes::BoxError;

/// The fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The peer sends its protocol's goodbye.
    Goodbye,
    /// A FIN without a goodbye, on an idle connection.
    Fin,
    Reset,
    /// The peer's process dies during an exchange, and its kernel sends a FIN.
    Kill,
    /// Nothing from the peer arrives any more. A keep-alive of the library or of the call site detects it.
    Silence,
    /// The bits of the first byte of a message are flipped.
    Corruption,
    /// A FIN inside a message.
    Truncation,
    /// The process of this side shuts down.
    Shutdown,
    /// The peer cancels the call and keeps the connection.
    Cancel,
    /// The deadline of the call expires at its client.
    Deadline,
}

impl Fault {
    pub(crate) const ALL: [Self; 8] = [
        Self::Goodbye,
        Self::Fin,
        Self::Reset,
        Self::Kill,
        Self::Silence,
        Self::Corruption,
        Self::Truncation,
        Self::Shutdown,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Kill => "kill",
            Self::Silence => "silence",
            Self::Corruption => "corruption",
            Self::Truncation => "truncation",
            Self::Shutdown => "shutdown",
            Self::Cancel => "cancel",
            Self::Deadline => "deadline",
        }
    }

    /// Whether the fault shows as a FIN or a reset.
    pub(crate) const fn is_loss(self) -> bool {
        matches!(self, Self::Fin | Self::Reset | Self::Kill | Self::Truncation)
    }
}

/// The evidence that the line may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Whether the classifier has the adapters of the libraries.
    pub(crate) adapters: bool,
    /// Whether the stream is watched.
    pub(crate) watched: bool,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [
        Self { adapters: false, watched: false },
        Self { adapters: true, watched: false },
        Self { adapters: false, watched: true },
        Self { adapters: true, watched: true },
    ];

    pub(crate) const fn name(self) -> &'static str {
        match (self.adapters, self.watched) {
            (false, false) => "neither",
            (true, false) => "errors alone",
            (false, true) => "Watched alone",
            (true, true) => "both",
        }
    }
}

/// The timeout for silence or for a call, in the cases about it.
pub(crate) const SHORT: Duration = Duration::from_millis(400);
/// The timeout in all other cases, which end long before.
const LONG: Duration = Duration::from_mins(1);
/// The time limit of a stuck case.
const STUCK: Duration = Duration::from_secs(20);

/// Reads only errors of the standard library.
static NO_ADAPTERS: Classifier = classifier![];

/// The side whose line is checked.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) end: Endpoint,
    pub(crate) is_watched: bool,
    pub(crate) patience: Duration,
    pub(crate) shutdown: Shutdown,
    leave: watch::Sender<bool>,
    got: watch::Sender<u32>,
    told: mpsc::UnboundedSender<Disconnect>,
}

impl Site {
    /// The guard whose line is checked.
    pub(crate) fn guard(&self) -> BoxedGuard {
        let told = self.told.clone();
        BoxedGuard::boxed(self.end, move |end| drop(told.send(end.clone()))).under(&self.shutdown)
    }

    /// Resolves when this process shuts down.
    pub(crate) fn leaving(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut leave = self.leave.subscribe();
        async move {
            // An error means that the case is over and no shutdown follows.
            if leave.wait_for(|leaves| *leaves).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Reports that the connection is up, or that a message arrived.
    pub(crate) fn got(&self) {
        self.got.send_modify(|messages| *messages += 1);
    }
}

/// A library on one side of a connection.
pub(crate) trait Stack: 'static {
    const NAME: &'static str;
    /// The endpoint of this side, with the adapters.
    const END: Endpoint;
    /// Whether this side is the client.
    const DIALS: bool = false;
    const FAULTS: &'static [Fault] = &Fault::ALL;
    type Peer: Peer + Send;

    /// Runs the checked side until the connection ends.
    fn site(tcp: TcpStream, site: Site) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Makes the other side, once the connection is up.
    fn peer(tcp: TcpStream, fault: Fault) -> impl Future<Output = Result<Self::Peer, BoxError>> + Send;
}

/// The other side of a connection.
pub(crate) trait Peer {
    /// Sends a message, or a part of one. The first message arrives.
    fn speak(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Sends the goodbye, without waiting.
    fn goodbye(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Cancels its call, in protocols with calls.
    fn cancel(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Applies the fault to a connection of this library, and returns the end of its line.
pub(crate) async fn end_of<S: Stack>(fault: Fault, mode: Mode) -> Result<Disconnect, BoxError> {
    let ended = tokio::time::timeout(STUCK, run::<S>(fault, mode)).await;
    let stuck = || format!("{} {} {mode:?}: stuck", S::NAME, fault.name());
    let ended = ended.map_err(|_| stuck())?;
    ended.map_err(|error| format!("{} {} {mode:?}: {error}", S::NAME, fault.name()).into())
}

async fn run<S: Stack>(fault: Fault, mode: Mode) -> Result<Disconnect, BoxError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = FaultProxy::start(listener.local_addr()?)?;
    let (client, (server, _)) = tokio::try_join!(TcpStream::connect(proxy.address()), listener.accept())?;
    let (ours, theirs, here) =
        if S::DIALS { (client, server, Toward::Client) } else { (server, client, Toward::Server) };

    let (told, mut ended) = mpsc::unbounded_channel();
    let site = Site {
        end: if mode.adapters { S::END } else { S::END.with_classifier(&NO_ADAPTERS) },
        is_watched: mode.watched,
        patience: if fault == Fault::Silence { SHORT } else { LONG },
        shutdown: Shutdown::new(),
        leave: watch::Sender::default(),
        got: watch::Sender::default(),
        told,
    };
    let serving = tokio::spawn(S::site(ours, site.clone()));
    let mut peer = S::peer(theirs, fault).await?;
    // Until the connection is up.
    site.got.subscribe().wait_for(|messages| *messages > 0).await?;
    inject(fault, &proxy, here, &site, &mut peer).await?;
    drop(site);
    let end = ended.recv().await;
    serving.abort();
    end.ok_or_else(|| "no line".into())
}

async fn inject(
    fault: Fault,
    proxy: &FaultProxy,
    here: Toward,
    site: &Site,
    peer: &mut impl Peer,
) -> Result<(), BoxError> {
    match fault {
        Fault::Goodbye => peer.goodbye().await?,
        Fault::Fin => proxy.fin(here)?,
        Fault::Reset => proxy.reset(here)?,
        Fault::Kill => {
            speak(site, peer).await?;
            proxy.fin(Toward::Both)?;
        }
        Fault::Silence => {
            speak(site, peer).await?;
            let silence = proxy.silence(here)?;
            peer.speak().await?;
            silence.wait()?;
        }
        Fault::Corruption => {
            let flipped = proxy.corrupt(here, 0)?;
            // The fault may end the connection while the peer still speaks.
            let _ = peer.speak().await;
            flipped.wait()?;
        }
        Fault::Truncation => {
            let cut = proxy.truncate(here, 3, Cut::Fin)?;
            let _ = peer.speak().await;
            cut.wait()?;
        }
        Fault::Shutdown => {
            site.shutdown.begin();
            site.leave.send_replace(true);
        }
        Fault::Cancel => peer.cancel().await,
        Fault::Deadline => {
            // The client's timer, whose duration is in the call.
            tokio::time::sleep(SHORT).await;
            peer.cancel().await;
        }
    }
    Ok(())
}

/// Sends a message and waits until it arrives.
async fn speak(site: &Site, peer: &mut impl Peer) -> Result<(), BoxError> {
    let mut got = site.got.subscribe();
    let before = *got.borrow_and_update();
    peer.speak().await?;
    got.wait_for(|messages| *messages > before).await?;
    Ok(())
}

/// A stream that is not watched. It keeps the guard, so that the line is logged when a server drops the stream.
pub(crate) struct Carrying<S> {
    pub(crate) stream: S,
    pub(crate) _guard: BoxedGuard,
}

impl<S: AsyncRead + Unpin> AsyncRead for Carrying<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Carrying<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
