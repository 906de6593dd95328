//! A verbatim value and an alias have characters that are invisible.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum ClosePhase {
    #[value("drain\u{ad}ing")]
    #[alias("draining\u{fe0f}")]
    Draining,
}

fn main() {}
