//! Checks that the two lines of a connection, one of each side, do not contradict each other.

use std::collections::BTreeSet;

use crate::end::{End, Site};
use crate::sites::{
    AGENT_CONTROL, AGENT_FORWARD, AGENT_IDE, AGENT_SESSION, AGENT_SSH, CLIENT_COORDINATION, CLIENT_FORWARD,
    CLIENT_MANAGEMENT, CLIENT_PROXY, CLIENT_RETRYING, CLIENT_SESSION, CLIENT_SSH, SERVER_AGENT, SERVER_CLIENT,
    SERVER_LEG, SERVER_MANAGEMENT, SERVER_RELAY,
};

/// The pairs of messages that belong to the two sides of one connection.
const PAIRS: &[(&[Site], &[Site])] = &[
    (&[AGENT_CONTROL], &[SERVER_AGENT]),
    (&[CLIENT_COORDINATION, CLIENT_RETRYING], &[SERVER_CLIENT]),
    (&[CLIENT_MANAGEMENT], &[SERVER_MANAGEMENT]),
    (&[AGENT_SSH], &[CLIENT_SSH, CLIENT_PROXY]),
    (&[AGENT_SSH], &[SERVER_RELAY]),
    (&[SERVER_RELAY], &[SERVER_LEG]),
    (&[AGENT_SESSION], &[CLIENT_SESSION]),
    (&[AGENT_FORWARD, AGENT_IDE], &[CLIENT_FORWARD]),
];

/// The number of connections with a line of each side, by how these lines agree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreement {
    /// The same reason and initiator.
    pub(crate) agreed: usize,
    /// One line is more precise.
    pub(crate) refined: usize,
    /// The lines contradict each other.
    pub(crate) contradictory: Vec<String>,
}

impl Agreement {
    /// Pairs the lines of each client, beginning with those that agree.
    pub(crate) fn of(ends: &[End]) -> Self {
        let mut all = Self::default();
        let ids: BTreeSet<&str> = ends.iter().map(|end| end.text("client_session_id")).collect();
        for id in ids {
            for (here, there) in PAIRS {
                let at = |sites: &[Site]| -> Vec<&End> {
                    let of_id = ends.iter().filter(|end| end.text("client_session_id") == id);
                    of_id.filter(|end| sites.iter().any(|site| end.is_at(*site))).collect()
                };
                all.add(at(here), at(there));
            }
        }
        all
    }

    fn add(&mut self, mut here: Vec<&End>, mut there: Vec<&End>) {
        for wanted in [Degree::Agreed, Degree::Refined, Degree::Contradictory] {
            here.retain(|end| {
                let Some(other) = there.iter().position(|other| degree(end, other) == wanted) else { return true };
                let other = there.swap_remove(other);
                match wanted {
                    Degree::Agreed => self.agreed += 1,
                    Degree::Refined => self.refined += 1,
                    Degree::Contradictory => self.contradictory.push(format!("{end}\n            {other}")),
                }
                false
            });
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Degree {
    Agreed,
    Refined,
    Contradictory,
}

/// An expected and an unexpected end contradict each other, and so do two parties. The initiator `network`
/// contradicts no party, because that side only saw that the bytes ended.
///
/// The agent does not receive the code of a DISCONNECT, so it knows who ended the connection, but not why.
fn degree(one: &End, other: &End) -> Degree {
    let knows_less = one.is_at(AGENT_SSH) && one.text("disconnect_reason") == "unknown";
    let [one, other] = [one, other].map(End::attribution);
    let ([reason, expected, initiator, ..], [its_reason, its_expected, its_initiator, ..]) = (one, other);
    let is_vague = |initiator: &str| initiator == "network" || initiator == "unknown";
    if (reason, initiator) == (its_reason, its_initiator) {
        Degree::Agreed
    } else if knows_less && initiator == its_initiator {
        Degree::Refined
    } else if expected != its_expected {
        Degree::Contradictory
    } else if initiator == its_initiator || (expected == "false" && (is_vague(initiator) || is_vague(its_initiator))) {
        Degree::Refined
    } else {
        Degree::Contradictory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ends_agree_refine_or_contradict_each_other() {
        let degree = |one: End, other: End| degree(&one, &other);
        let left = AGENT_SSH.normal("client_closed", "client");
        let lost = CLIENT_SSH.fault("network_error", "network");
        let shutdown = AGENT_SSH.normal("server_shutdown", "agent");
        assert!(degree(left.clone(), CLIENT_SSH.normal("client_closed", "client")) == Degree::Agreed);
        assert!(degree(shutdown.clone(), CLIENT_SSH.normal("graceful", "agent")) == Degree::Refined);
        assert!(degree(AGENT_SSH.fault("protocol_error", "client"), lost.clone()) == Degree::Refined);
        assert!(degree(AGENT_SSH.fault("unknown", "client"), left.clone()) == Degree::Refined);
        assert!(degree(CLIENT_SSH.fault("unknown", "client"), left.clone()) == Degree::Contradictory);
        assert!(degree(left, lost) == Degree::Contradictory);
        assert!(degree(shutdown, CLIENT_SSH.normal("client_closed", "client")) == Degree::Contradictory);
    }
}
