//! The derive and the macro where the core goes by another name, in a crate without std.

#![no_std]

use ends::{Disconnect, DisconnectField, disconnected};

/// Why a pump stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason", crate = ends)]
pub enum PumpEnd {
    /// Drained to the end.
    #[expected]
    Drained,
    /// It jammed.
    Jammed,
}

/// Logs both ways of writing the line.
pub fn log(end: PumpEnd) {
    disconnected!(Disconnect::new(end), "pump stopped");
    disconnected!(reason = end, "pump stopped");
}
