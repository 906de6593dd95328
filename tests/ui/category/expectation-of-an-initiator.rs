//! Generic code asks an initiator whether it is expected.

use disconnect_core::{DisconnectInitiator, Expectation};

fn wants_a_look(why: impl Expectation) -> bool {
    !why.expected()
}

fn main() {
    wants_a_look(DisconnectInitiator::Client);
}
