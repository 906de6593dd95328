//! `#[field = "..."]` instead of parentheses.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field = "close_phase"]
enum ClosePhase {
    Draining,
}

fn main() {}
