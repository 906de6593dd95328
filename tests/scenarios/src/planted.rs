//! Defects that are planted into the lines of a scenario, to test the checks.

use crate::laws;
use crate::process::Line;

/// A defect that a call site could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// A line has the id of another client or of another workspace.
    WrongId,
    /// A line has an invented detail.
    InventedDetail,
    /// A line without a reason is duplicated.
    DoubledEvent,
    /// A line names the other side as the initiator.
    SwappedInitiator,
    /// A line comes after that of its connection.
    LateLine,
}

impl Defect {
    pub(crate) const ALL: [Self; 5] =
        [Self::WrongId, Self::InventedDetail, Self::DoubledEvent, Self::SwappedInitiator, Self::LateLine];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WrongId => "a wrong id",
            Self::InventedDetail => "an invented detail",
            Self::DoubledEvent => "a doubled line without a reason",
            Self::SwappedInitiator => "a swapped initiator",
            Self::LateLine => "a late line",
        }
    }

    /// Returns the lines with this defect. `None` if no line can have it.
    pub(crate) fn plant(self, lines: &[Line]) -> Option<Vec<Line>> {
        let mut lines = lines.to_vec();
        match self {
            Self::WrongId => {
                let key = if lines.iter().any(has_client) { "client_session_id" } else { "workspace" };
                let at = middle(&lines, |line| line.reason().is_some() && !line.text(key).is_empty())?;
                lines[at] = lines[at].with(key, "other");
            }
            Self::InventedDetail => {
                let at = middle(&lines, |line| line.reason().is_some() && line.text("disconnect_detail").is_empty())?;
                lines[at] = lines[at].with("disconnect_detail", "the moon was full");
            }
            Self::DoubledEvent => {
                let at = middle(&lines, laws::is_counted)?;
                lines.insert(at, lines[at].with("timestamp", "later"));
            }
            Self::SwappedInitiator => {
                let at = middle(&lines, |line| line.reason().is_some())?;
                let other = if lines[at].text("disconnect_initiator") == "agent" { "client" } else { "agent" };
                lines[at] = lines[at].with("disconnect_initiator", other);
            }
            Self::LateLine => {
                let is_inner = |line: &Line| {
                    ["ssh session closed", "disconnected from coordination RPC"].contains(&line.message())
                };
                let at = middle(&lines, is_inner)?;
                let line = lines.remove(at);
                lines.push(line);
            }
        }
        Some(lines)
    }
}

fn has_client(line: &Line) -> bool {
    line.reason().is_some() && !line.text("client_session_id").is_empty()
}

/// The middle one of the selected lines.
fn middle(lines: &[Line], is_one: impl Fn(&Line) -> bool) -> Option<usize> {
    let all: Vec<usize> = lines.iter().enumerate().filter(|(_, line)| is_one(line)).map(|(at, _)| at).collect();
    all.get(all.len() / 2).copied()
}
