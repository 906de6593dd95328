//! Workspaces that are stopped, started and deleted.

use crate::process::Failure;
use nix::sys::signal::Signal::{SIGCONT, SIGKILL, SIGTERM};

use super::client::{Client, DIRECT, QUICK, RELAYED, gone, silent};
use crate::end::{End, Site};
use crate::sites::{
    AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP, AGENT_SSH, CLIENT_MANAGEMENT, CLIENT_SSH, SERVER_AGENT,
    SERVER_CLIENT, SERVER_MANAGEMENT,
};
use crate::world::{World, freeze};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("stop", "a workspace is stopped, with sessions straight and relayed", |w| Box::pin(ends(w, "stop"))).shows(&[5, 12]),
    scenario("delete", "a workspace is deleted, with sessions straight and relayed", |w| Box::pin(ends(w, "delete"))),
    scenario("stop-start", "a workspace is stopped, started, and used again", |w| Box::pin(stop_start(w))),
    scenario("start-running", "the start of a workspace that runs is refused", |w| Box::pin(refused(w, "start"))),
    scenario("stop-twice", "the second stop of a workspace is refused", |w| Box::pin(stop_twice(w))),
    scenario("stop-agent-away", "a workspace is stopped while its agent is frozen, with a session", |w| Box::pin(stop_agent_away(w))),
    scenario("stop-agent-leaves", "SIGTERM of an agent that is just ending its sessions for a stop", |w| Box::pin(stop_agent_leaves(w))).shows(&[5]),
    scenario("delete-stopped", "a workspace that is stopped already is deleted", |w| Box::pin(delete_stopped(w))),
];

/// A workspace that is stopped, in the expected line of every connection.
pub(super) fn stopped(build: u64, transition: &'static str) -> impl Fn(Site) -> End {
    move |site| site.normal("workspace_stopped", "server").build(build, transition)
}

/// The lines of the stop itself: the requesting client gets an answer.
pub(super) fn managed() -> [End; 2] {
    let answered = |site: Site| site.normal("graceful", "server");
    [answered(SERVER_MANAGEMENT), answered(CLIENT_MANAGEMENT).code("websocket.1000")]
}

/// The lines of the agent's control plane after a stop.
pub(super) fn agent_stopped(build: u64, transition: &'static str) -> [End; 4] {
    let stopped = stopped(build, transition);
    [
        // The agent's lines about its control plane have the workspace, but no build.
        AGENT_CONTROL.normal("workspace_stopped", "server"),
        AGENT_COORDINATION.normal("workspace_stopped", "server"),
        AGENT_DERP_MAP.normal("workspace_stopped", "server"),
        stopped(SERVER_AGENT),
    ]
}

/// The lines of one client with a session after a stop.
fn client_stopped(client: Client, build: u64, transition: &'static str) -> Vec<End> {
    let stopped = stopped(build, transition);
    let mut ends = client.session("exec", &stopped).to_vec();
    ends.extend([AGENT_SSH, CLIENT_SSH].map(|site| client.line(stopped(site))));
    if client.id == RELAYED.id {
        ends.extend(client.relay(&stopped));
    }
    // The client has nothing more to do, and says goodbye to the server.
    ends.extend(client.leaves_server());
    ends
}

/// All connections end for the same build and log it. The user gets a message: fault 12.
async fn ends(world: &mut World, transition: &'static str) -> Result<(), Failure> {
    world.start().await?;
    let clients = [DIRECT.cat(world, &[]).await?, RELAYED.cat(world, &[]).await?];
    let status = world.manage(transition).await?;
    world.check(status.success(), || format!("{transition} ended with {status}"));
    let told = if transition == "stop" {
        "the workspace was stopped by initiator (build 1); it can be started again"
    } else {
        "the workspace was deleted by initiator (build 1); it does not come back"
    };
    for mut process in clients {
        process.stderr.until(told).await?;
        world.tell(told);
        let ended = world.ended(process).await?;
        world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    }
    world.want(client_stopped(DIRECT, 1, transition));
    world.want(client_stopped(RELAYED, 1, transition));
    world.want(agent_stopped(1, transition));
    world.want(managed());
    if transition == "delete" {
        // The agent does not reconnect.
        let status = world.agent_ended().await?;
        world.check(status.success(), || format!("the agent ended with {status}"));
    } else {
        world.end_agent(SIGTERM).await?;
    }
    Ok(())
}

async fn stop_start(world: &mut World) -> Result<(), Failure> {
    world.tell("the workspace was stopped by initiator (build 1); it can be started again");
    world.tell("the server refused: the workspace is not running");
    world.start().await?;
    let client = DIRECT.cat(world, &[]).await?;
    world.manage("stop").await?;
    world.ended(client).await?;
    world.want(client_stopped(DIRECT, 1, "stop"));
    world.want(agent_stopped(1, "stop"));
    world.want(managed());

    // While the workspace is stopped, the server rejects all connections.
    let mut refused = world.client(RELAYED.id, RELAYED.route, "ssh", &[], &["true"])?;
    refused.stderr.until("the workspace is not running").await?;
    world.ended(refused).await?;

    world.manage("start").await?;
    world.want(managed());
    world.agent_is_up().await?;
    let client = world.client(RELAYED.id, RELAYED.route, "ssh", &[], &["exit", "0"])?;
    world.ended(client).await?;
    world.want(RELAYED.exits(0));
    world.want(RELAYED.leaves());
    Ok(())
}

async fn refused(world: &mut World, transition: &str) -> Result<(), Failure> {
    world.tell(&format!("dev: cannot {transition}: it is running already"));
    world.start().await?;
    let status = world.manage(transition).await?;
    world.check(!status.success(), || format!("{transition} ended with {status}"));
    world.want(managed());
    Ok(())
}

async fn stop_twice(world: &mut World) -> Result<(), Failure> {
    world.tell("dev: cannot stop: it is stopped already");
    world.start().await?;
    world.manage("stop").await?;
    world.want(agent_stopped(1, "stop"));
    world.want(managed());
    let status = world.manage("stop").await?;
    world.check(!status.success(), || format!("the second stop ended with {status}"));
    world.want(managed());
    world.end_agent(SIGTERM).await?;
    Ok(())
}

async fn delete_stopped(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.manage("stop").await?;
    world.want(agent_stopped(1, "stop"));
    world.want(managed());
    let status = world.manage("delete").await?;
    world.check(status.success(), || format!("the delete ended with {status}"));
    world.want(managed());
    let status = world.agent_ended().await?;
    world.check(status.success(), || format!("the agent ended with {status}"));
    Ok(())
}

/// The agent learns of the stop only when the server rejects it. Before, it lost its control plane, but the session
/// continued.
async fn stop_agent_away(world: &mut World) -> Result<(), Failure> {
    world.tell("the workspace was stopped by initiator (build 1); it can be started again");
    world.start_with(QUICK, &[]).await?;
    let client = DIRECT.cat(world, &[]).await?;
    world.freeze_agent().await?;
    world.server_says(SERVER_AGENT.message).await?;
    world.want([silent(SERVER_AGENT)]);
    world.manage("stop").await?;
    world.want(managed());
    world.signal_agent(SIGCONT)?;
    world.ended(client).await?;
    // The last message of the server, which the agent reads when it wakes up.
    let lost = |site: Site| site.fault("control_plane_lost", "server").cause("deadline").code("websocket.3008");
    world.want([AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP].map(lost));
    // The agent does not know the build.
    let unnamed = |site: Site| site.normal("workspace_stopped", "server");
    world.want([DIRECT.agent_session("exec", unnamed), DIRECT.line(unnamed(AGENT_SSH))]);
    let stopped = stopped(1, "stop");
    world.want([DIRECT.client_session("exec", &stopped), DIRECT.line(stopped(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    world.end_agent(SIGTERM).await?;
    Ok(())
}

/// The first reason stays, and is logged although the agent is asked to exit meanwhile: fault 5.
async fn stop_agent_leaves(world: &mut World) -> Result<(), Failure> {
    world.start_with(&["--goodbye", "300"], &[]).await?;
    let client = DIRECT.cat(world, &[]).await?;
    // This client confirms no reason and closes nothing, so both the server and the agent have to wait.
    freeze(&client).await?;
    let url = world.url().to_owned();
    let stop = world.client_of(&url, "stop", &[], &[])?;
    world.agent_says("workspace stopped").await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_stopped(1, "stop"));
    let stopped = stopped(1, "stop");
    world.want([DIRECT.agent_session("exec", &stopped), DIRECT.line(stopped(AGENT_SSH))]);
    world.ended(stop).await?;
    world.want(managed());
    client.signal(SIGKILL)?;
    world.ended(client).await?;
    world.want([gone(SERVER_CLIENT).client(DIRECT.id)]);
    Ok(())
}
