//! Commands and shells over our own client, directly and through the relay.

use super::super::end::End;
use super::super::sites::{
    AGENT_SESSION, AGENT_SSH, CLIENT_COORDINATION, CLIENT_SESSION, CLIENT_SSH, SERVER_CLIENT, SERVER_RELAY,
};
use super::super::world::{Route, World};
use super::super::{Scenario, scenario};
use crate::process::Failure;

pub(super) const ALL: &[Scenario] = &[
    scenario("exec-exit-0", "a command exits with 0", |world| Box::pin(exits(world, Route::Direct, 0))),
    scenario("exec-exit-3", "a command exits with 3", |world| Box::pin(exits(world, Route::Direct, 3))),
    scenario("exec-exit-0-relayed", "a command exits with 0, through the relay", |world| {
        Box::pin(exits(world, Route::Relay, 0))
    }),
    scenario("exec-exit-3-relayed", "a command exits with 3, through the relay", |world| {
        Box::pin(exits(world, Route::Relay, 3))
    }),
];

/// The session of the client in a scenario with one.
const ID: &str = "c1";

/// The status is a field of its own, and not a text in the reason: faults 4 and 11.
async fn exits(world: &mut World, route: Route, status: u32) -> Result<(), Failure> {
    world.start().await?;
    let client = world.client(ID, route, "ssh", &[], &["exit", &status.to_string()])?;
    let ended = world.ended(client).await?;
    world.check(ended.code() == i32::try_from(status).ok(), || format!("the client ended with {ended}"));
    let (reason, initiator) = if status == 0 { ("graceful", "agent") } else { ("client_closed", "client") };
    world.want(
        [AGENT_SESSION, CLIENT_SESSION]
            .map(|site| site.normal(reason, initiator).session("exec").exit(status).by(route.method()).client(ID)),
    );
    world.want(client_leaves(route));
    Ok(())
}

/// What the end of a client gives that was connected, and left in good order.
pub(super) fn client_leaves(route: Route) -> Vec<End> {
    let mut ends = vec![
        AGENT_SSH.normal("client_closed", "client").by(route.method()).client(ID),
        CLIENT_SSH.normal("client_closed", "client").by(route.method()).client(ID),
        CLIENT_COORDINATION.normal("client_closed", "client").client(ID),
        SERVER_CLIENT.normal("client_closed", "client").client(ID),
    ];
    if route == Route::Relay {
        ends.push(SERVER_RELAY.normal("client_closed", "client").by("derp").client(ID));
    }
    ends
}
