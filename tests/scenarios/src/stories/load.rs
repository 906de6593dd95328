//! Many sessions at once.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use russh::client::Handle;
use russh::{Channel, ChannelMsg, Preferred, client, kex};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::{Barrier, Semaphore};
use tokio::time::timeout;

use super::client::{DIRECT, disconnects, gone, left};
use crate::end::Site;
use crate::process::Failure;
use crate::rogue::AnyKey;
use crate::sites::AGENT_SSH;
use crate::world::World;
use crate::{Scenario, scenario};

pub(super) const ALL: &[Scenario] =
    &[scenario("load", "500 sessions at once, which end in five ways", |w| Box::pin(load(w))).shows(&[12])];

const SESSIONS: usize = 500;

/// How a session ends.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Exits(&'static str),
    Closed,
    Vanished,
}

const WAYS: [Way; 5] = [
    Way::Exits("cat > /dev/null"),
    Way::Exits("cat > /dev/null; exit 3"),
    Way::Exits("cat > /dev/null; kill -KILL $$"),
    Way::Closed,
    Way::Vanished,
];

/// The maximum number of connections that come up at the same time.
const OPENING: usize = 32;

/// Opens a session, waits for all the others, and ends it.
async fn session(address: String, way: Way, opening: &Semaphore, all: &Barrier) -> Result<(), Failure> {
    let opened = {
        let _place = opening.acquire().await?;
        open(&address, way).await
    };
    all.wait().await;
    let (ssh, mut channel) = opened?;
    match way {
        Way::Exits(_) => {
            channel.eof().await?;
            while !matches!(channel.wait().await, Some(ChannelMsg::Close) | None) {}
        }
        Way::Closed => channel.close().await?,
        // The socket is reset.
        Way::Vanished => return Ok(()),
    }
    ssh.disconnect(russh::Disconnect::ByApplication, "", "").await?;
    // The client's own view of the end does not matter.
    let _ = ssh.await;
    Ok(())
}

async fn open(address: &str, way: Way) -> Result<(Handle<AnyKey>, Channel<client::Msg>), Failure> {
    let stream = TcpStream::connect(address).await?;
    if way == Way::Vanished {
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    }
    stream.set_nodelay(true)?;
    // The cheapest key exchange, because this scenario does not test it.
    let preferred = Preferred { kex: Cow::Borrowed(&[kex::CURVE25519]), ..Preferred::DEFAULT };
    let config = client::Config { preferred, ..client::Config::default() };
    let mut ssh = client::connect_stream(Arc::new(config), stream, AnyKey).await?;
    ssh.authenticate_none("load").await?;
    let mut channel = ssh.channel_open_session().await?;
    channel.set_env(false, "CLIENT_SESSION_ID", DIRECT.id).await?;
    channel.exec(true, if let Way::Exits(command) = way { command } else { "cat" }).await?;
    while !matches!(channel.wait().await.ok_or("the session is refused")?, ChannelMsg::Success) {}
    Ok((ssh, channel))
}

/// The maximum time until all sessions are open. No session ends before that.
const PATIENCE: Duration = Duration::from_mins(2);

/// Every session has its line, and the counts are right.
async fn load(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (opening, all) = (Semaphore::new(OPENING), Barrier::new(SESSIONS));
    let ways = WAYS.into_iter().cycle().take(SESSIONS);
    let sessions = ways.map(|way| session(world.ssh.clone(), way, &opening, &all));
    for ended in timeout(PATIENCE, join_all(sessions)).await? {
        ended?;
    }
    let killed = |site: Site| site.fault("unknown", "agent").cause("killed").code("signal.9");
    for _ in 0..SESSIONS / WAYS.len() {
        let ([zero, _], [three, _]) = (DIRECT.exits(0), DIRECT.exits(3));
        let mut ends = vec![zero, three];
        ends.push(DIRECT.agent_session("exec", killed));
        ends.push(DIRECT.agent_session("exec", left));
        ends.push(DIRECT.agent_session("exec", gone));
        ends.extend((1..WAYS.len()).map(|_| DIRECT.line(disconnects(AGENT_SSH))));
        ends.push(DIRECT.line(gone(AGENT_SSH)));
        world.want(ends);
    }
    for _ in 0..SESSIONS {
        world.agent_says(AGENT_SSH.message).await?;
    }
    Ok(())
}
