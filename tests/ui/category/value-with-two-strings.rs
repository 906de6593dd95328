//! `#[value]` has two strings.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value("drain", "draining")]
    Draining,
}

fn main() {}
