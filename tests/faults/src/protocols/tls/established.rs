//! Connections that were up: goodbyes, ends without one, broken records, lost peers, our own shutdown.

use std::io;

use disconnect_core::{Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsStream;

use super::setup::{Authority, Identity, NAME, Setup, Shown};
use super::{CLIENT, SERVER, SHORT, VANISHED, read_to_end};
use crate::line::line;
use crate::loopback::{pair, reset};
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::{Peer, say};
use crate::protocols::Outcome;
use crate::protocols::tcp::{Meant, of_both};

type Stream = TlsStream<TcpStream>;

pub(super) async fn run(matrix: &mut Matrix, known: &Authority) -> Outcome {
    // A TLS stream is large, and some of these hold four.
    Box::pin(ended_by(matrix, known)).await?;
    Box::pin(broken_records(matrix, known)).await?;
    Box::pin(killed(matrix, known)).await?;
    Box::pin(own(matrix, known)).await
}

/// A connection that is up: the client's end and the server's.
async fn established(authority: &Authority) -> Result<(Stream, Stream), Box<dyn std::error::Error + Send + Sync>> {
    let (connector, acceptor) = Setup::GOOD.sides(authority)?;
    let (client, server) = pair().await?;
    let (client, server) = tokio::try_join!(connector.connect(NAME.try_into()?, client), acceptor.accept(server))?;
    Ok((client.into(), server.into()))
}

/// Two connections, and who looks at which of them and who is the other one.
async fn from_both_ends(authority: &Authority) -> Result<[Seen; 2], Box<dyn std::error::Error + Send + Sync>> {
    let ((client, its_server), (its_client, server)) = (established(authority).await?, established(authority).await?);
    Ok([
        Seen { by: "client", end: CLIENT, stream: client, other: its_server, injector: By::Server },
        Seen { by: "server", end: SERVER, stream: server, other: its_client, injector: By::Client },
    ])
}

struct Seen {
    by: &'static str,
    end: Endpoint,
    stream: Stream,
    other: Stream,
    injector: By,
}

/// What the other end does.
#[derive(Clone, Copy)]
enum Ends {
    CloseNotify,
    CloseNotifyThenRst,
    Fin,
    InsideRecord,
    Rst,
    Panic,
}

const ENDS: [(&str, Ends, Meant); 6] = [
    ("close_notify", Ends::CloseNotify, Meant::Goodbye),
    ("close_notify, then RST", Ends::CloseNotifyThenRst, Meant::Goodbye),
    ("FIN without close_notify", Ends::Fin, Meant::Nothing),
    ("FIN inside a record", Ends::InsideRecord, Meant::Nothing),
    ("RST", Ends::Rst, Meant::Nothing),
    ("the peer's task panics", Ends::Panic, Meant::Nothing),
];

async fn ended_by(matrix: &mut Matrix, authority: &Authority) -> Outcome {
    for (injected, ends, meant) in ENDS {
        for seen in from_both_ends(authority).await? {
            inject(seen.other, ends).await?;
            matrix.decidable(
                "tls",
                injected,
                seen.by,
                meant.by(seen.injector),
                read_to_end(seen.stream, seen.end).await,
            );
        }
    }
    Ok(())
}

async fn inject(mut stream: Stream, ends: Ends) -> io::Result<()> {
    stream.write_all(b"the last words").await?;
    stream.flush().await?;
    match ends {
        Ends::CloseNotify => stream.shutdown().await,
        Ends::CloseNotifyThenRst => {
            stream.shutdown().await?;
            reset(into_tcp(stream))
        }
        Ends::Fin => Ok(()),
        Ends::InsideRecord => into_tcp(stream).write_all(b"\x17\x03\x03\x00\x80half of it").await,
        Ends::Rst => reset(into_tcp(stream)),
        Ends::Panic => {
            let task = tokio::spawn(async move {
                let _dropped_by_the_panic = stream;
                // As a panic, without the hook that prints.
                std::panic::resume_unwind(Box::new("injected"));
            });
            task.await.or(Ok(()))
        }
    }
}

fn into_tcp(stream: Stream) -> TcpStream {
    match stream {
        TlsStream::Client(stream) => stream.into_inner().0,
        TlsStream::Server(stream) => stream.into_inner().0,
    }
}

/// The bytes, and whether the other end's alert tells whose fault they are. `bad_record_mac` does not: a record damaged
/// on the way looks the same as one that was sent so.
#[rustfmt::skip] // one row a line
const BROKEN: [(&str, &[u8], bool); 4] = [
    ("garbage between records", b"\x99garbage, and more of it", true),
    ("a record that is too large", b"\x17\x03\x03\xff\xffand so on", true),
    ("a record that does not decrypt", b"\x17\x03\x03\x00\x20thirty-two bytes that mean nothin", false),
    ("a record in plain text", b"\x16\x03\x03\x00\x04\x00\x00\x00\x00", false),
];

/// One end breaks the protocol; the other finds that, and says so in an alert.
async fn broken_records(matrix: &mut Matrix, authority: &Authority) -> Outcome {
    for (injected, bytes, alert_tells) in BROKEN {
        for mut seen in from_both_ends(authority).await? {
            let truth = truth(Why::ProtocolError, seen.injector);
            seen.other.get_mut().0.write_all(bytes).await?;
            matrix.decidable("tls", injected, seen.by, truth, read_to_end(seen.stream, seen.end).await);
            let (by, end) = if seen.injector == By::Client { ("client", CLIENT) } else { ("server", SERVER) };
            let (injected, end) = (format!("{injected}: its alert"), read_to_end(seen.other, end).await);
            if alert_tells {
                matrix.decidable("tls", injected, by, truth, end);
            } else {
                let why = "`bad_record_mac`: damaged on the way, or sent so";
                matrix.undecidable("tls", injected, by, truth, end, why);
            }
        }
    }
    Ok(())
}

/// The other end is a process, and is killed or stopped.
async fn killed(matrix: &mut Matrix, authority: &Authority) -> Outcome {
    let Identity { certificate, key } = authority.identity(Shown::Good)?;
    let (connector, acceptor) = Setup::GOOD.sides(authority)?;
    for state in ["idle", "unread"] {
        let (mut peer, tcp) = Peer::connected("tls", &["server", state, &certificate, &key]).await?;
        let mut stream = connector.connect(NAME.try_into()?, tcp).await?;
        stream.write_all(b"to be left unread").await?;
        peer.line().await?;
        peer.kill().await?;
        matrix.decidable("tls", format!("kill -9, {state}"), "client", VANISHED, read_to_end(stream, CLIENT).await);

        let (mut peer, tcp) = Peer::connected("tls", &["client", state, &authority.root]).await?;
        let mut stream = acceptor.accept(tcp).await?;
        stream.write_all(b"to be left unread").await?;
        peer.line().await?;
        peer.kill().await?;
        matrix.decidable("tls", format!("kill -9, {state}"), "server", VANISHED, read_to_end(stream, SERVER).await);
    }

    let (mut peer, tcp) = Peer::connected("tls", &["client", "idle", &authority.root]).await?;
    let mut stream = acceptor.accept(tcp).await?;
    stream.write_all(b"to be read").await?;
    peer.line().await?;
    peer.stop().await?;
    let end = match timeout(SHORT, read_to_end(stream, SERVER)).await {
        Ok(end) => end,
        Err(elapsed) => SERVER.failed(&elapsed),
    };
    matrix.decidable("tls", "SIGSTOP, deadline", "server", VANISHED, end);
    Ok(())
}

/// The end comes from here, or shows in what is written.
async fn own(matrix: &mut Matrix, authority: &Authority) -> Outcome {
    let left = truth(Why::ClientClosed, By::Client);
    let (client, server) = established(authority).await?;
    let (client, server) = tokio::join!(leave(client, CLIENT), answer(server, SERVER));
    matrix.decidable("tls", "close_notify from this side, answered", "client", left, client?);
    matrix.decidable("tls", "close_notify, answered", "server", left, server?);

    let shutdown = truth(Why::ServerShutdown, By::Server);
    let (_silent, server) = established(authority).await?;
    matrix.decidable("tls", "shutdown, close_notify not answered", "server", shutdown, shut_down(server, SERVER).await);
    let (client, server) = established(authority).await?;
    let (end, _) = tokio::join!(shut_down(server, SERVER), answer(client, CLIENT));
    matrix.decidable("tls", "shutdown, close_notify answered", "server", shutdown, end);

    let writes: [(&str, Ends, Truth); 3] = [
        ("FIN without close_notify, while we write", Ends::Fin, VANISHED),
        ("RST, while we write", Ends::Rst, VANISHED),
        ("close_notify, while we write: BrokenPipe as well", Ends::CloseNotify, left),
    ];
    for (injected, ends, truth) in writes {
        let (client, server) = established(authority).await?;
        inject(client, ends).await?;
        matrix.decidable("tls", injected, "server", truth, serve_halves(server, SERVER).await);
    }
    Ok(())
}

/// Says goodbye, and waits for the answer.
async fn leave(mut stream: impl AsyncRead + AsyncWrite + Unpin, end: Endpoint) -> io::Result<Disconnect> {
    goodbye(&mut stream).await?;
    Ok(end.closed_locally())
}

async fn goodbye(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

/// Answers a goodbye with one.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, end: Endpoint) -> io::Result<Disconnect> {
    let ended = read_to_end(&mut stream, end).await;
    stream.shutdown().await?;
    Ok(ended)
}

/// A shutdown that gives the peer some time to close.
async fn shut_down(mut stream: impl AsyncRead + AsyncWrite + Unpin, end: Endpoint) -> Disconnect {
    line(end, async |ended| -> io::Result<_> {
        ended.set(end.shutting_down());
        timeout(SHORT, goodbye(&mut stream)).await??;
        Ok(ended.so_far())
    })
    .await
}

/// A service with a loop for each half.
async fn serve_halves(stream: impl AsyncRead + AsyncWrite, end: Endpoint) -> Disconnect {
    let (read, mut write) = split(stream);
    let writing = line(end, async |_| -> io::Result<_> {
        loop {
            write.write_all(b"more").await?;
            write.flush().await?;
        }
    });
    of_both(end, read_to_end(read, end), writing).await
}

/// Connects, plays one side of TLS until it can be killed, says so, and stays there.
pub(super) async fn peer(arguments: &[String]) -> Outcome {
    let [role, state, .., address] = arguments else { return Err("needs a role, a state and an address".into()) };
    let tcp = TcpStream::connect(address).await?;
    let mut stream: Stream = match (role.as_str(), &arguments[2..arguments.len() - 1]) {
        ("client", [root]) => Setup::GOOD.connector(root, None)?.connect(NAME.try_into()?, tcp).await?.into(),
        ("server", [certificate, key]) => {
            let identity = Identity { certificate: certificate.clone(), key: key.clone() };
            Setup::GOOD.acceptor(&identity, certificate)?.accept(tcp).await?.into()
        }
        unknown => return Err(format!("unknown role {unknown:?}").into()),
    };
    match state.as_str() {
        "idle" => _ = stream.read(&mut [0; 64]).await?,
        "unread" => stream.get_mut().0.readable().await?,
        unknown => return Err(format!("unknown state `{unknown}`").into()),
    }
    say("ready");
    std::future::pending().await
}
