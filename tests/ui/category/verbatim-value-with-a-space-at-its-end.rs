//! A verbatim value ends in a space.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum ClosePhase {
    #[value("draining ")]
    Draining,
}

fn main() {}
