//! A struct says nothing about what it means.

use disconnect_core::DisconnectEvidence;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
struct Timeout;

fn main() {}
