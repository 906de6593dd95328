//! An alias is not lower snake_case.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[alias("drain-ing")]
    Draining,
}

fn main() {}
