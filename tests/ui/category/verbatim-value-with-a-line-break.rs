//! A verbatim value is not one line.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum ClosePhase {
    #[value("draining\nnow")]
    Draining,
}

fn main() {}
