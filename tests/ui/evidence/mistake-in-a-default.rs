//! A default with a mistake is reported once, however many variants have it.

use disconnect_core::DisconnectEvidence;

#[derive(DisconnectEvidence)]
#[reason(NetworkError, sied = Remote)]
enum SessionEnd {
    Timeout,
    Reset,
}

fn main() {}
