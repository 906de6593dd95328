//! Machines that sleep, and clocks that jump.

use std::io;
use std::time::{Duration, SystemTime};

use disconnect_core::{Disconnect, Endpoint};
use tokio::io::AsyncWriteExt;

use super::{AGENT, BOTH, CLIENT, LONG, PROTOCOL, SHORT, serve, serve_recorded, serve_within};
use crate::line::line;
use crate::loopback::{back_in_reach, black_hole, pair, reset, tap};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::std_time::{Spoke, WentBack};

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    asleep(matrix).await?;
    wall_clock(matrix).await?;
    // tokio's clock can be paused only in a single-threaded runtime.
    let end = tokio::task::spawn_blocking(advanced).await??;
    matrix.add(Case::new(PROTOCOL, "tokio's clock is advanced past a deadline", "agent", end));
    Ok(())
}

async fn asleep(matrix: &mut Matrix) -> Outcome {
    let (mut client, agent) = pair().await?;
    black_hole(&client)?;
    let injected = "a laptop sleeps, RST when it wakes";
    let forgotten = tap(&agent)?;
    matrix.add(Case::new(PROTOCOL, injected, "agent", serve_within(agent, AGENT, SHORT).await));
    // The connection is gone, and the client does not know: its next bytes meet a reset.
    reset(forgotten)?;
    back_in_reach(&client)?;
    client.write_all(b"line 1\n").await?;
    matrix.add(Case::new(PROTOCOL, injected, "client", serve(client, CLIENT).await));

    for (seen_by, end) in BOTH {
        let (ended, _) = silence_then_fin(end).await?;
        matrix.add(Case::new(PROTOCOL, "a sleep that looks clean: silence, then FIN", seen_by, ended));
    }
    Ok(())
}

/// Silence, then a FIN: the sockets are closed when a machine goes to sleep, or while it sleeps.
pub(super) async fn silence_then_fin(end: Endpoint) -> io::Result<(Disconnect, String)> {
    let (seen, mut other) = pair().await?;
    other.write_all(b"line 1\n").await?;
    let asleep = async {
        // This wait is the silence.
        tokio::time::sleep(SHORT).await;
        drop(other);
    };
    Ok(tokio::join!(serve_recorded(seen, end), asleep).0)
}

/// The agent's deadlines use a wall clock that jumps.
async fn wall_clock(matrix: &mut Matrix) -> Outcome {
    const HOUR: Duration = Duration::from_hours(1);
    let (client, mut agent) = pair().await?;
    let injected = "the clock jumps forward, a deadline by SystemTime";
    let end = line(AGENT, async |_| -> Result<_, Failure> {
        let spoke = Spoke::now();
        agent.write_all(b"line 1\n").await?;
        let late = spoke.too_long_ago(SystemTime::now() + HOUR, HOUR / 2, AGENT)?;
        Ok(late.unwrap_or_else(|| AGENT.eof()))
    })
    .await;
    drop(agent);
    matrix.add(Case::new(PROTOCOL, injected, "agent", end));
    matrix.add(Case::new(PROTOCOL, injected, "client", serve(client, CLIENT).await));

    let end = line(AGENT, async |_| -> Result<_, WentBack> {
        let late = Spoke::now().too_long_ago(SystemTime::now() - HOUR, HOUR / 2, AGENT)?;
        Ok(late.unwrap_or_else(|| AGENT.eof()))
    });
    matrix.add(Case::new(PROTOCOL, "the clock jumps back: SystemTimeError", "agent", end.await));
    Ok(())
}

/// A silent peer, and a clock that the test advances.
fn advanced() -> io::Result<Disconnect> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (agent, _silent) = pair().await?;
        let serving = tokio::spawn(serve(agent, AGENT));
        tokio::task::yield_now().await;
        tokio::time::pause();
        tokio::time::advance(LONG * 2).await;
        Ok(serving.await?)
    })
}
