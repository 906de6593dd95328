//! The scenarios: their scripts, and the expected lines.

mod builds;
mod client;
mod control;
mod forwarding;
mod hostile;
mod load;
mod losses;
mod openssh;
mod outside;
mod sessions;
mod terminals;
mod told;
mod transfers;

use crate::Scenario;

/// All scenarios, in the order in which they are shown.
pub(super) fn all() -> Vec<Scenario> {
    [
        control::ALL,
        sessions::ALL,
        losses::ALL,
        builds::ALL,
        transfers::ALL,
        forwarding::ALL,
        openssh::ALL,
        terminals::ALL,
        told::ALL,
        hostile::ALL,
        load::ALL,
        outside::ALL,
    ]
    .concat()
}
