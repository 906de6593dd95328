//! Peers that break the rules on purpose.
