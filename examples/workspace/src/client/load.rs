//! Many sessions at once, each on a connection of its own, which end in mixed ways.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::{Code, Disconnect, DisconnectReason};
use futures_util::stream::{self, StreamExt};
use socket2::SockRef;
use tokio::io::{empty, sink};

use crate::say::{complain, say};
use crate::wire::message::Node;

use super::connection::{self, Connection};
use super::session::{Session, Wanted};
use super::{Client, Unconnected};

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Success,
    Failure,
    Killed,
    Closed,
    Vanished,
}

impl Way {
    const ALL: [Self; 5] = [Self::Success, Self::Failure, Self::Killed, Self::Closed, Self::Vanished];

    fn name(self) -> &'static str {
        match self {
            Self::Success => "exit 0",
            Self::Failure => "exit 3",
            Self::Killed => "the command is killed",
            Self::Closed => "the client closes the channel",
            Self::Vanished => "the client vanishes",
        }
    }

    /// Each lasts until the end of its input.
    fn command(self) -> &'static str {
        match self {
            Self::Success | Self::Closed | Self::Vanished => "cat > /dev/null",
            Self::Failure => "cat > /dev/null; exit 3",
            Self::Killed => "cat > /dev/null; kill -KILL $$",
        }
    }

    fn is_meant(self, end: &Disconnect) -> bool {
        match self {
            Self::Success => end.code() == Some(Code::exit(0)),
            Self::Failure => end.code() == Some(Code::exit(3)),
            Self::Killed => end.code() == Some(Code::signal(9)),
            Self::Closed | Self::Vanished => end.reason_as() == Some(DisconnectReason::ClientClosed),
        }
    }
}

/// How many connections are on their way up at the same time.
const OPENING: usize = 32;

/// Opens all sessions, and only then ends the first.
pub(super) async fn run(client: &Arc<Client>, node: &Node, sessions: u32) -> ExitCode {
    let ways = Way::ALL.into_iter().cycle().take(sessions as usize);
    let opening = stream::iter(ways).map(|way| open(client, node, way)).buffer_unordered(OPENING);
    let opened: Vec<_> = opening.collect().await;
    let count = opened.len();
    let ending = stream::iter(opened).map(|opened| async {
        let (way, connection, session) = opened?;
        Ok(end(way, connection, session).await.then_some(way))
    });
    let ended: Vec<Result<Option<Way>, String>> = ending.buffer_unordered(count.max(1)).collect().await;

    for way in Way::ALL {
        let meant = Way::ALL.into_iter().cycle().take(sessions as usize).filter(|meant| *meant == way).count();
        let right = ended.iter().filter(|ended| **ended == Ok(Some(way))).count();
        say(format_args!("{right:>5} of {meant:>5}  {}", way.name()));
    }
    for error in ended.iter().filter_map(|ended| ended.as_ref().err()) {
        complain(error);
    }
    if ended.iter().all(|ended| matches!(ended, Ok(Some(_)))) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn open(client: &Arc<Client>, node: &Node, way: Way) -> Result<(Way, Connection, Session), String> {
    let connection = connect(client, node, way).await.map_err(|error| error.to_string())?;
    match Session::open(&connection, "exec", &Wanted::Exec(way.command())).await {
        Ok(session) => Ok((way, connection, session)),
        Err(end) => {
            connection.close().await;
            Err(super::told::why(&end, client.build(&end)))
        }
    }
}

async fn connect(client: &Arc<Client>, node: &Node, way: Way) -> Result<Connection, Unconnected> {
    if client.options.relay || way != Way::Vanished {
        return Connection::open(client, node).await;
    }
    let stream = connection::dial(client, node).await?;
    // Closed in the end with a reset.
    let reset = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
    reset.map_err(|source| Unconnected::Agent { address: node.ssh.clone(), source })?;
    Connection::over(client, stream).await
}

/// Ends a session, and the connection with it: returns whether it ended as it was meant to.
async fn end(way: Way, connection: Connection, session: Session) -> bool {
    match way {
        Way::Success | Way::Failure | Way::Killed => {
            let end = session.run(empty(), sink(), sink(), None).await;
            connection.close().await;
            way.is_meant(&end)
        }
        Way::Closed => {
            let end = session.close().await;
            connection.close().await;
            way.is_meant(&end)
        }
        Way::Vanished => {
            connection.leave();
            let end = connection.end();
            drop(session);
            connection.vanish().await;
            way.is_meant(&end)
        }
    }
}
