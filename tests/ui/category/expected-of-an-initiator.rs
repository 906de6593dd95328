//! An initiator is neither expected nor unexpected.

use disconnect_core::DisconnectInitiator;

fn main() {
    let _ = DisconnectInitiator::Client.expected();
}
