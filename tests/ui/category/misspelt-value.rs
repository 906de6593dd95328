//! `#[vlaue]` was meant as `#[value]`: one error.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[vlaue("drain")]
    Draining,
}

fn main() {}
