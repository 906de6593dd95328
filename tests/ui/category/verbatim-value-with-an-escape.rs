//! A verbatim value has a control character.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum ClosePhase {
    #[value("\u{1b}[31mdraining")]
    Draining,
}

fn main() {}
