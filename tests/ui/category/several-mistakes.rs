//! All mistakes are reported at once.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("closePhase", valeus = "verbatim")]
enum ClosePhase {
    #[expected(true)]
    Draining,
    #[value("DONE")]
    Done,
    Failed(u8),
    #[alias(3)]
    #[alias("draining")]
    Gone,
}

fn main() {}
