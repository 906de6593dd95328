//! An alias is the value of its own variant: both places are shown.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[alias("draining")]
    Draining,
}

fn main() {}
