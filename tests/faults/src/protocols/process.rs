//! Processes behind a session: an agent runs one for a client, without a terminal or under one, and tells the client how
//! it ended.
//!
//! The agent tells the client `exit N`, `signal N` or `shutdown`; the client's goodbye is `bye`.

mod command;
mod terminal;

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Outcome;
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::say;

static CLASSIFIER: Classifier = classifier![tokio = tokio];

const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);

/// A command that succeeded.
const DONE: Truth = truth(Why::Graceful, By::Agent);
/// A shell that its user left.
const LEFT: Truth = truth(Why::ClientClosed, By::Client);
/// A command that failed, crashed or was killed, at the agent's end.
const BROKEN: Truth = truth(Why::Unknown, By::Agent);
const SHUTDOWN: Truth = truth(Why::ServerShutdown, By::Agent);
const VANISHED: Truth = truth(Why::NetworkError, By::Network);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    command::run(matrix).await?;
    terminal::run(matrix).await
}

/// What both sides of a session know that its status does not tell.
#[derive(Clone, Copy, Default)]
struct Session {
    /// It runs an interactive shell, which passes on the status of its last command.
    is_shell: bool,
    /// The signal that the last key stood for. A status does not tell the client's Ctrl-C from anybody's `kill -INT`; but
    /// one side sent the key, and the other passed it on.
    key_signal: Option<i32>,
}

impl Session {
    fn pressed(&mut self, keys: &str) {
        const SIGINT: i32 = 2;
        const SIGQUIT: i32 = 3;
        self.key_signal = match keys.chars().last() {
            Some('\u{3}') => Some(SIGINT),
            Some('\u{1c}') => Some(SIGQUIT),
            Some(_) => None,
            None => self.key_signal,
        };
    }

    fn sent(self, signal: Option<i32>) -> bool {
        signal.is_some() && signal == self.key_signal
    }

    /// What the agent makes of a status.
    fn ended(self, status: ExitStatus) -> Disconnect {
        match self {
            _ if self.sent(status.signal()) => AGENT.closed_by_peer(),
            Self { is_shell: true, .. } => AGENT.shell_exited(status),
            Self { is_shell: false, .. } => AGENT.process_exited(status),
        }
    }

    /// What the client makes of a line.
    fn told(self, line: &str) -> Disconnect {
        match line.split_once(' ').map(|(word, number)| (word, number.parse())) {
            // The user left the shell.
            Some(("exit", Ok(status @ (0..=125 | 130)))) if self.is_shell => {
                CLIENT.closed_locally().with_code(Code::exit(status))
            }
            Some(("exit", Ok(status))) => CLIENT.received(Code::exit(status)),
            Some(("signal", Ok(signal))) if self.sent(Some(signal)) => CLIENT.closed_locally(),
            Some(("signal", Ok(signal))) => CLIENT.received(Code::signal(signal)),
            _ if line == "shutdown" => CLIENT.resolve(Verdict::going_away(Side::Remote)),
            _ => CLIENT.ended(Why::ProtocolError, Side::Remote),
        }
    }
}

/// The natural code of an agent: a session ends with its process, its client, or this agent.
async fn serve(
    client: TcpStream,
    session: Session,
    ended: impl Future<Output = io::Result<ExitStatus>>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Disconnect> {
    let (read, mut write) = client.into_split();
    let mut read = BufReader::new(read);
    let mut line = String::new();
    tokio::select! {
        status = ended => {
            let status = status?;
            if let Some(told) = to_tell(status) {
                write.write_all(told.as_bytes()).await?;
            }
            Ok(session.ended(status))
        }
        read = read.read_line(&mut line) => Ok(match read {
            // What becomes of the process now is only our own doing.
            Ok(_) if line == "bye\n" => AGENT.closed_by_peer(),
            Ok(_) => AGENT.eof(),
            Err(error) => AGENT.failed(&error),
        }),
        () = shutdown => {
            // Said before the process is killed: its signal would tell less.
            let end = AGENT.shutting_down();
            write.write_all(b"shutdown\n").await?;
            Ok(end)
        }
    }
}

fn to_tell(status: ExitStatus) -> Option<String> {
    let exit = status.code().map(|status| format!("exit {status}\n"));
    exit.or_else(|| status.signal().map(|signal| format!("signal {signal}\n")))
}

/// The natural code of a client: what the agent says is what it was.
async fn attend(agent: &mut TcpStream, session: Session) -> Disconnect {
    let mut line = String::new();
    match BufReader::new(agent).read_line(&mut line).await {
        Ok(0) => CLIENT.eof(),
        Ok(_) => session.told(line.trim_end()),
        Err(error) => CLIENT.failed(&error),
    }
}

/// Whoever spawned the task of a session: a task without a result has an end as well.
async fn supervise(task: tokio::task::JoinHandle<io::Result<Disconnect>>) -> io::Result<Disconnect> {
    task.await.unwrap_or_else(|error| Ok(AGENT.failed(&error)))
}

/// An agent to be killed, or a command that crashes.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    match arguments {
        [role] if role == "crash" => std::process::abort(),
        [role, address] if role == "agent" => {
            let _client = TcpStream::connect(address).await?;
            say("ready");
            std::future::pending().await
        }
        unknown => Err(format!("unknown role {unknown:?}").into()),
    }
}
