//! An alias is the value of another variant: both places are shown.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
    #[alias("draining")]
    Done,
}

fn main() {}
