//! A value is not lower snake_case.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[value("Draining Now")]
    Draining,
}

fn main() {}
