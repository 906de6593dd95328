//! Processes behind a session: an agent runs one for a client, with or without a terminal, and sends the client its
//! exit status.
//!
//! The agent sends `exit N`, `signal N` (or the name of the signal, if that is all it has) or `shutdown`. The client's
//! goodbye is `bye`.

mod command;
mod named;
mod signalled;
mod terminal;
mod typed;

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Classifier, Code, Disconnect, DisconnectReason as Why, Endpoint, classifier};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Outcome;
use crate::matrix::{Case, Matrix};
use crate::peers::say;
use crate::recipes::process::Session;

static CLASSIFIER: Classifier = classifier![tokio = tokio];

const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);

/// The timeout of a side in cases about timeouts.
const SHORT: Duration = Duration::from_millis(300);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    command::run(matrix).await?;
    signalled::run(matrix).await?;
    typed::run(matrix).await?;
    terminal::run(matrix).await?;
    named::run(matrix).await
}

/// Adds both sides of a session.
fn add(matrix: &mut Matrix, injected: &str, (agent, client): (Disconnect, Disconnect)) {
    matrix.add(Case::new("process", injected, "agent", agent));
    matrix.add(Case::new("process", injected, "client", client));
}

/// How a process ended, and what the client is sent about it.
struct Ended {
    end: Disconnect,
    told: String,
}

impl Ended {
    fn by(session: Session, status: ExitStatus) -> Self {
        let told = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit {code}\n"),
            (None, Some(signal)) => format!("signal {signal}\n"),
            (None, None) => "signal unknown\n".to_owned(),
        };
        Self { end: session.exited(AGENT, status), told }
    }
}

/// A typical agent: a session ends with its process, its client, or this agent.
async fn serve(
    client: TcpStream,
    ended: impl Future<Output = io::Result<Ended>>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Disconnect> {
    let (read, mut write) = client.into_split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    tokio::select! {
        ended = ended => {
            let Ended { end, told } = ended?;
            write.write_all(told.as_bytes()).await?;
            Ok(end)
        }
        read = read.read_line(&mut line) => Ok(match read {
            // The end of the process is now caused by this side.
            Ok(_) if line == "bye\n" => AGENT.closed_by_peer(),
            Ok(_) => AGENT.eof(),
            Err(error) => AGENT.failed(&error),
        }),
        () = shutdown => {
            // Recorded before the process is killed: its signal would say less.
            let end = AGENT.shutting_down();
            write.write_all(b"shutdown\n").await?;
            Ok(end)
        }
    }
}

/// A typical client: the end is what the agent sends.
async fn attend(agent: &mut TcpStream, session: Session) -> Disconnect {
    let mut line = String::new();
    match BufReader::new(agent).read_line(&mut line).await {
        Ok(0) => CLIENT.eof(),
        Ok(_) => heard(session, line.trim_end()),
        Err(error) => CLIENT.failed(&error),
    }
}

fn heard(session: Session, line: &str) -> Disconnect {
    match line.split_once(' ').map(|(word, number)| (word, number.parse())) {
        Some(("exit", Ok(status))) => session.told(CLIENT, Code::exit(status)),
        Some(("signal", Ok(signal))) => session.told(CLIENT, Code::signal(signal)),
        // A name: a signal ended the process.
        Some(("signal", Err(_))) => CLIENT.ended(Why::Unknown, Side::Remote),
        _ if line == "shutdown" => CLIENT.resolve(Verdict::going_away(Side::Remote)),
        _ => CLIENT.ended(Why::ProtocolError, Side::Remote),
    }
}

/// The parent of a session's task: a task without a result has an end too.
async fn supervise(task: tokio::task::JoinHandle<io::Result<Disconnect>>) -> io::Result<Disconnect> {
    task.await.unwrap_or_else(|error| Ok(AGENT.failed(&error)))
}

/// An agent or a client to be killed, or a command that crashes.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role] if role == "crash" => std::process::abort(),
        [role, address] if role == "agent" || role == "client" => {
            let _connected = TcpStream::connect(address).await?;
            say("ready");
            std::future::pending().await
        }
        unknown => Err(format!("unknown role {unknown:?}").into()),
    }
}
