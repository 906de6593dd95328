//! An enum has two defaults.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
#[reason(NetworkError)]
#[reason(ProtocolError)]
enum SessionEnd {
    Timeout,
}

fn main() {}
