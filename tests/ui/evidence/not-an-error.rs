//! Evidence is an error, and this type is none: told once.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, DisconnectEvidence)]
enum SessionEnd {
    #[reason(NetworkError)]
    Heartbeat,
    #[transparent]
    Io(std::io::Error),
}

fn main() {}
