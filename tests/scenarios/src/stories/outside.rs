//! Errors for the user without a line: wrong arguments, a port in use, a missing file; and all three processes at
//! once.

use crate::process::{Failure, Process};
use nix::sys::signal::Signal::SIGTERM;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::{Duration, timeout};

use crate::program::workspace;
use crate::world::World;
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("wrong-arguments", "arguments that make no sense are refused", |w| Box::pin(wrong_arguments(w))),
    scenario("port-in-use", "a port that is in use is refused", |w| Box::pin(port_in_use(w))),
    scenario("not-loopback", "an address that is not loopback needs an explicit word", |w| Box::pin(not_loopback(w))),
    scenario("missing-file", "files that cannot be used are refused", |w| Box::pin(missing_file(w))),
    scenario("no-such-workspace", "a workspace that there is not is refused", |w| Box::pin(no_such_workspace(w))).shows(&[8]),
    scenario("all-at-once", "a server, an agent and a client at once, over a stop and a start", |w| Box::pin(all_at_once(w))),
];

const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a command to its end, and checks its status and its message.
async fn fails(world: &mut World, arguments: &[&str], status: i32, wanted: &str) -> Result<(), Failure> {
    let process = Process::tool(workspace(&world.place, arguments)?)?;
    let mut said = process.stderr.clone();
    let ended = world.tool_ended(process).await?;
    let said = said.all().await;
    world.check(ended.code() == Some(status), || format!("{arguments:?} ended with {ended}"));
    world.check(said.contains(wanted), || format!("{arguments:?} said {said:?}, and not {wanted:?}"));
    Ok(())
}

async fn wrong_arguments(world: &mut World) -> Result<(), Failure> {
    fails(world, &["burn"], 2, "unrecognized subcommand").await?;
    fails(world, &["server", "--listen", "nowhere"], 2, "invalid value").await?;
    fails(world, &["agent", "--server", "ws://127.0.0.1:1"], 2, "<WORKSPACE>").await?;
    fails(world, &["agent", "--server", "http://127.0.0.1:1", "dev"], 1, "expected ws://HOST:PORT").await?;
    fails(world, &["ssh", "--server", "ws://127.0.0.1:1", "--relay", "--direct", "a:1", "dev"], 2, "cannot be used")
        .await?;
    fails(world, &["cp", "--server", "ws://127.0.0.1:1", "dev", "a", "b"], 1, "has to be in the workspace").await
}

async fn port_in_use(world: &mut World) -> Result<(), Failure> {
    let used = TcpListener::bind("127.0.0.1:0").await?;
    let (address, port) = (used.local_addr()?.to_string(), used.local_addr()?.port().to_string());
    fails(world, &["server", "--listen", &address], 1, "cannot listen on").await?;
    fails(world, &["agent", "--server", "ws://127.0.0.1:1", "--ssh", &address, "dev"], 1, "cannot listen on").await?;
    fails(world, &["agent", "--server", "ws://127.0.0.1:1", "--terminal", &address, "dev"], 1, "cannot listen on")
        .await?;
    let forward = ["forward", "--server", "ws://127.0.0.1:1", "--local", &port, "--remote", "1", "dev"];
    fails(world, &forward, 1, "cannot listen on").await
}

async fn not_loopback(world: &mut World) -> Result<(), Failure> {
    let wanted = "0.0.0.0:0 is not loopback: give --allow-remote";
    fails(world, &["server", "--listen", "0.0.0.0:0"], 1, wanted).await?;
    fails(world, &["agent", "--server", "ws://127.0.0.1:1", "--ssh", "0.0.0.0:0", "dev"], 1, wanted).await?;
    fails(world, &["agent", "--server", "ws://127.0.0.1:1", "--terminal", "0.0.0.0:0", "dev"], 1, wanted).await
}

async fn missing_file(world: &mut World) -> Result<(), Failure> {
    let missing = world.file("missing/file").display().to_string();
    fails(world, &["server", "--db", &missing], 1, "cannot use the connection log").await?;
    fails(world, &["server", "--tls", &missing], 1, &missing).await?;
    fails(world, &["server", "--token-file", &missing], 1, "cannot write the token").await?;
    fails(world, &["ssh", "--server", "ws://127.0.0.1:1", "--token-file", &missing, "dev"], 1, "cannot read the token")
        .await?;
    fails(
        world,
        &["agent", "--server", "ws://127.0.0.1:1", "--host-key", &missing, "dev"],
        1,
        "cannot use the host key",
    )
    .await?;
    fails(world, &["agent", "--server", "wss://127.0.0.1:1", "--ca", &missing, "dev"], 1, "certificate authority")
        .await?;
    fails(world, &["agent", "--server", "wss://127.0.0.1:1", "dev"], 1, "needs --ca").await?;
    fails(world, &["ssh", "--server", "ws://127.0.0.1:1", "--log", &missing, "dev"], 1, "cannot write the log").await
}

/// Fault 8.
async fn no_such_workspace(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let url = world.url().to_owned();
    fails(world, &["ssh", "--server", &url, "other", "true"], 255, "there is no such workspace").await?;
    fails(world, &["stop", "--server", &url, "other"], 1, "there is no such workspace").await
}

/// The client continues after its workspace is stopped, as it tells its user to do, and ends cleanly.
async fn all_at_once(world: &mut World) -> Result<(), Failure> {
    let mut live = Command::new(std::env::current_exe()?);
    live.args(["live", "--json"]);
    let mut all = Process::tool(live)?;
    all.stderr.until("Why connections end:").await?;
    let said = all.stderr.so_far();
    let option = |name: &str| said.split_whitespace().skip_while(|word| *word != name).nth(1).ok_or("it tells nothing");
    let (url, token) = (option("--server")?, option("--token-file")?);
    for (transition, told) in [("stop", "the workspace was stopped"), ("start", "")] {
        let managed =
            Process::tool(workspace(&world.place, [transition, "--server", url, "--token-file", token, "dev"])?)?;
        let ended = world.tool_ended(managed).await?;
        world.check(ended.success(), || format!("{transition} ended with {ended}"));
        all.stderr.until(told).await?;
    }
    // The client is connected again.
    timeout(PATIENCE, all.stdout.until_times(2, "\"message\":\"forwarding\"")).await??;
    all.signal(SIGTERM)?;
    let mut said = all.stderr.clone();
    let ended = world.tool_ended(all).await?;
    world.check(ended.success(), || format!("all three ended with {ended}"));
    let said = said.all().await;
    world.check(said.contains("; 0 to investigate"), || said);
    Ok(())
}
