//! Two variants have one value: both places are shown.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value("draining")]
    Flushing,
    Draining,
}

fn main() {}
