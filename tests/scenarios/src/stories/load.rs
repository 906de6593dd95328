//! Many sessions at once.

use workspace::process::Failure;

use super::client::{DIRECT, gone, left};
use crate::end::{End, Site};
use crate::sites::{AGENT_SESSION, AGENT_SSH, CLIENT_SESSION, CLIENT_SSH};
use crate::world::World;
use crate::{Scenario, scenario};

pub(super) const ALL: &[Scenario] =
    &[scenario("load", "500 sessions at once, which end in five ways", |w| Box::pin(load(w))).shows(&[12])];

const SESSIONS: u32 = 500;

/// Every one of them has its line at each end, and the ways add up.
async fn load(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let sessions = SESSIONS.to_string();
    let process = world.client(DIRECT.id, DIRECT.route, "load", &["--sessions", &sessions], &[])?;
    let ended = world.ended_within(process, 60).await?;
    world.check(ended.success(), || format!("load ended with {ended}"));
    for _ in 0..SESSIONS {
        world.agent_says(AGENT_SSH.message).await?;
    }
    world.want(DIRECT.leaves_server());
    let killed = |site: Site| site.fault("unknown", "agent").cause("killed").code("signal.9");
    for _ in 0..SESSIONS / 5 {
        // Exit 0, exit 3, and a command that is killed.
        let mut ends: Vec<End> = Vec::new();
        ends.extend(DIRECT.exits(0));
        ends.extend(DIRECT.exits(3));
        ends.extend(DIRECT.session("exec", killed));
        // The client closes the channel.
        ends.extend(DIRECT.session("exec", left));
        for _ in 0..4 {
            ends.extend(DIRECT.connection(left));
        }
        // The client vanishes.
        ends.extend([CLIENT_SSH].map(|site| DIRECT.line(left(site))));
        ends.push(DIRECT.line(left(CLIENT_SESSION).session("exec")));
        ends.extend([AGENT_SSH].map(|site| DIRECT.line(gone(site))));
        ends.push(DIRECT.line(gone(AGENT_SESSION).session("exec")));
        world.want(ends);
    }
    Ok(())
}
