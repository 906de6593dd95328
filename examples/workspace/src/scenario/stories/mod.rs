//! What is done, and which lines it has to give.

mod control;
mod sessions;

use super::Scenario;

/// All scenarios, in the order in which they are shown.
pub(super) fn all() -> Vec<Scenario> {
    [sessions::ALL, control::ALL].concat()
}
