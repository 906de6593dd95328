//! `#[value = "..."]` instead of parentheses.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value = "drain"]
    Draining,
}

fn main() {}
