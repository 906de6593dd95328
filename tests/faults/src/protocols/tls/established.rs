//! Established connections: goodbyes, ends without one, lost peers, a shutdown of this side.

use std::io;

use disconnect_core::{Disconnect, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsStream;

use super::SHORT;
use super::library::{LastRead, Library, Stream};
use super::setup::{Authority, Failure, Identity, NAME, ONLY_12, Setup, Shown};
use crate::line::line;
use crate::loopback::{pair, reset};
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;
use crate::recipes::halves::both;

type Rustls = TlsStream<TcpStream>;

pub(super) async fn run(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    ended_by(matrix, library, known).await?;
    killed(matrix, library, known).await?;
    leaving(matrix, library, known).await?;
    shutting_down(matrix, library, known).await?;
    writing(matrix, library, known).await
}

/// An established connection: the checked side and the other one.
pub(super) struct Seen {
    pub(super) side: &'static str,
    pub(super) end: Endpoint,
    pub(super) stream: Stream,
    pub(super) other: Rustls,
}

/// Connects on a pair of sockets: the client's and the server's.
pub(super) async fn seen(
    library: &Library,
    side: &'static str,
    known: &Authority,
    setup: &Setup,
    (client, server): (TcpStream, TcpStream),
) -> Result<Seen, Failure> {
    let end = library.endpoint(side);
    let up = |stream: Result<Stream, Disconnect>| stream.map_err(|end| io::Error::other(format!("{end:?}")));
    let (stream, other) = if side == "client" {
        let (near, far) = ((library.connect)(setup, known, client)?, setup.server(known)?.accept(server));
        tokio::try_join!(async { up(near.await) }, async { far.await.map(Rustls::from) })?
    } else {
        let near = (library.accept)(setup, known, server)?;
        let far = setup.client(known)?.connect(NAME.try_into()?, client);
        tokio::try_join!(async { up(near.await) }, async { far.await.map(Rustls::from) })?
    };
    Ok(Seen { side, end, stream, other })
}

/// What the other side does.
#[derive(Clone, Copy)]
enum Ends {
    CloseNotify,
    CloseNotifyThenRst,
    Fin,
    InsideRecord,
    Rst,
    Panic,
}

const ENDS: [(&str, Ends); 6] = [
    ("close_notify", Ends::CloseNotify),
    ("close_notify, then RST", Ends::CloseNotifyThenRst),
    ("FIN without close_notify", Ends::Fin),
    ("FIN inside a record", Ends::InsideRecord),
    ("RST", Ends::Rst),
    ("the peer's task panics", Ends::Panic),
];

const ENDS_OF_TLS_12: [(&str, Ends); 3] = [
    ("close_notify, TLS 1.2", Ends::CloseNotify),
    ("FIN without close_notify, TLS 1.2", Ends::Fin),
    ("RST, TLS 1.2", Ends::Rst),
];

async fn ended_by(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let old = Setup { client_versions: ONLY_12, ..Setup::GOOD };
    let of_tls_12 = if library.is_rustls { &ENDS_OF_TLS_12[..] } else { &[] };
    let all = ENDS.iter().map(|ends| (ends, &Setup::GOOD)).chain(of_tls_12.iter().map(|ends| (ends, &old)));
    for ((injected, ends), setup) in all {
        for side in ["client", "server"] {
            let seen = seen(library, side, known, setup, pair().await?).await?;
            inject(seen.other, *ends).await?;
            let (stream, note) = LastRead::new(seen.stream);
            let end = (library.read_to_end)(Box::new(stream), seen.end).await;
            matrix.add(Case::new(library.protocol, *injected, side, end).observed(note()));
        }
    }
    Ok(())
}

async fn inject(mut stream: Rustls, ends: Ends) -> io::Result<()> {
    stream.write_all(b"the last words").await?;
    stream.flush().await?;
    match ends {
        Ends::CloseNotify => {
            stream.shutdown().await?;
            drain(stream)
        }
        Ends::CloseNotifyThenRst => {
            stream.shutdown().await?;
            reset(into_tcp(stream))
        }
        Ends::Fin => drain(stream),
        Ends::InsideRecord => {
            stream.get_mut().0.write_all(b"\x17\x03\x03\x00\x80half of it").await?;
            drain(stream)
        }
        Ends::Rst => reset(into_tcp(stream)),
        Ends::Panic => {
            let task = tokio::spawn(async move {
                drain(stream)?;
                // A panic without the hook that prints.
                std::panic::resume_unwind(Box::new("injected"))
            });
            task.await.unwrap_or(Ok(()))
        }
    }
}

/// Drops a stream after reading. Unread session tickets of a server would turn its FIN into an RST.
fn drain(stream: Rustls) -> io::Result<()> {
    let tcp = into_tcp(stream);
    match socket2::SockRef::from(&tcp).recv(&mut [std::mem::MaybeUninit::uninit(); 4096]) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn into_tcp(stream: Rustls) -> TcpStream {
    match stream {
        TlsStream::Client(stream) => stream.into_inner().0,
        TlsStream::Server(stream) => stream.into_inner().0,
    }
}

/// The other side is a process, and is killed or stopped.
async fn killed(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    for side in ["client", "server"] {
        for state in ["idle", "unread"] {
            let (mut peer, mut stream) = with_peer(library, side, state, known).await?;
            stream.write_all(b"to be left unread").await?;
            stream.flush().await?;
            peer.line().await?;
            peer.kill().await?;
            let end = (library.read_to_end)(stream, library.endpoint(side)).await;
            matrix.add(Case::new(library.protocol, format!("kill -9, {state}"), side, end));
        }
        if library.asks_clients {
            let (mut peer, mut stream) = with_peer(library, side, "idle", known).await?;
            stream.write_all(b"to be read").await?;
            stream.flush().await?;
            peer.line().await?;
            peer.stop().await?;
            let end = library.endpoint(side);
            let end = match timeout(SHORT, (library.read_to_end)(stream, end)).await {
                Ok(end) => end,
                Err(elapsed) => end.failed(&elapsed),
            };
            matrix.add(Case::new(library.protocol, "SIGSTOP, deadline", side, end));
        }
        if library.is_rustls {
            let (peer, mut stream) = with_peer(library, side, "writing", known).await?;
            stream.read_exact(&mut [0; 64]).await?;
            peer.kill().await?;
            let end = (library.read_to_end)(stream, library.endpoint(side)).await;
            matrix.add(Case::new(library.protocol, "kill -9, while it writes", side, end));
        }
    }
    Ok(())
}

/// One side, with the other one in its own process.
async fn with_peer(library: &Library, side: &str, state: &str, known: &Authority) -> Result<(Peer, Stream), Failure> {
    let Identity { certificate, key } = known.identity(Shown::Good)?;
    let (mut peer, tcp) = if side == "client" {
        Peer::connected("tls", &["server", state, &certificate, &key]).await?
    } else {
        Peer::connected("tls", &["client", state, &known.root]).await?
    };
    let handshake = library.side(side, &Setup::GOOD, known, tcp)?;
    let stream = handshake.await.map_err(|end| format!("no handshake: {end:?}"))?;
    // Otherwise the peer could read what follows together with the handshake.
    peer.line().await?;
    Ok((peer, stream))
}

/// The client leaves with a goodbye.
async fn leaving(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let Seen { end, stream, other, .. } = seen(library, "client", known, &Setup::GOOD, pair().await?).await?;
    let (client, _) = tokio::join!(leave(stream, end), answer(other));
    matrix.add(Case::new(library.protocol, "close_notify from this side, answered", "client", client?));

    if library.is_rustls {
        let Seen { end, stream, mut other, .. } = seen(library, "server", known, &Setup::GOOD, pair().await?).await?;
        let (server, left) = tokio::join!((library.read_to_end)(stream, end), goodbye(&mut other));
        drop(left);
        matrix.add(Case::new(library.protocol, "close_notify, answered", "server", server));
    }
    Ok(())
}

/// Records its end, sends the goodbye, and waits for the answer.
async fn leave(mut stream: Stream, end: Endpoint) -> io::Result<Disconnect> {
    let left = end.closed_locally();
    goodbye(&mut stream).await?;
    Ok(left)
}

async fn goodbye(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Answers a goodbye with a goodbye.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    stream.read_to_end(&mut Vec::new()).await?;
    stream.shutdown().await
}

/// A shutdown that gives the peer time to close.
async fn shutting_down(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let Seen { end, stream, other, .. } = seen(library, "server", known, &Setup::GOOD, pair().await?).await?;
    let silent = shut_down(stream, end).await;
    matrix.add(Case::new(library.protocol, "shutdown, close_notify not answered", "server", silent));
    drop(other);

    let Seen { end, stream, other, .. } = seen(library, "server", known, &Setup::GOOD, pair().await?).await?;
    let (answered, _) = tokio::join!(shut_down(stream, end), answer(other));
    matrix.add(Case::new(library.protocol, "shutdown, close_notify answered", "server", answered));
    Ok(())
}

async fn shut_down(mut stream: Stream, end: Endpoint) -> Disconnect {
    line(end, async |ended| -> io::Result<_> {
        ended.set(end.shutting_down());
        timeout(SHORT, goodbye(&mut stream)).await??;
        Ok(ended.so_far())
    })
    .await
}

/// The end also shows in a write.
async fn writing(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    for (injected, ends) in [
        ("FIN without close_notify, while we write", Ends::Fin),
        ("RST, while we write", Ends::Rst),
        ("close_notify, while we write: BrokenPipe as well", Ends::CloseNotify),
    ] {
        let Seen { end, stream, other, .. } = seen(library, "server", known, &Setup::GOOD, pair().await?).await?;
        inject(other, ends).await?;
        let (stream, note) = LastRead::new(stream);
        let end = write_to_end(library, Box::new(stream), end).await;
        matrix.add(Case::new(library.protocol, injected, "server", end).observed(note()));
    }
    Ok(())
}

/// A service with one task for each half.
pub(super) async fn write_to_end(library: &Library, stream: Stream, end: Endpoint) -> Disconnect {
    let (read, mut write) = split(stream);
    // The recipes take a whole stream, but only the reading half is used.
    let read = tokio::io::join(read, tokio::io::sink());
    let writing = async {
        loop {
            write.write_all(b"more").await?;
            write.flush().await?;
        }
    };
    both((library.read_to_end)(Box::new(read), end), writing, end).await
}

/// Connects, runs one side of TLS until the state to be killed in, reports that, and waits.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    let [role, state, .., address] = arguments else { return Err("needs a role, a state and an address".into()) };
    let tcp = TcpStream::connect(address).await?;
    let mut stream: Rustls = match (role.as_str(), &arguments[2..arguments.len() - 1]) {
        ("client", [root]) => Setup::GOOD.connector(root, None)?.connect(NAME.try_into()?, tcp).await?.into(),
        ("server", [certificate, key]) => {
            let identity = Identity { certificate: certificate.clone(), key: key.clone() };
            Setup::GOOD.acceptor(&identity, certificate)?.accept(tcp).await?.into()
        }
        unknown => return Err(format!("unknown role {unknown:?}").into()),
    };
    say("connected");
    match state.as_str() {
        "idle" => _ = stream.read(&mut [0; 64]).await?,
        "unread" => {
            // Something to read below TLS: some servers send session tickets first.
            stream.get_mut().0.readable().await?;
        }
        "writing" => loop {
            stream.write_all(&[0; 4096]).await?;
        },
        unknown => return Err(format!("unknown state `{unknown}`").into()),
    }
    say("ready");
    std::future::pending().await
}
