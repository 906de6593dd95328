//! The control plane of agents and clients.

use super::super::world::World;
use super::super::{Scenario, scenario};
use crate::process::Failure;

pub(super) const ALL: &[Scenario] =
    &[scenario("agent-leaves", "an agent comes, and leaves at SIGTERM", |world| Box::pin(agent_leaves(world)))];

/// Nothing but the lines that every other scenario gives as well.
async fn agent_leaves(world: &mut World) -> Result<(), Failure> {
    world.start().await
}
