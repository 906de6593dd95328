//! Two variants have one alias: both places are shown.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[alias("")]
    Draining,
    #[alias("")]
    Done,
}

fn main() {}
