//! A verbatim value has 65 bytes.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum ClosePhase {
    #[value("01234567890123456789012345678901234567890123456789012345678901234")]
    Draining,
}

fn main() {}
