//! The derive and the macro where the core goes by another name, in a crate without std.

#![no_std]

use core::fmt;

use ends::{Disconnect, DisconnectCode, DisconnectEvidence, DisconnectField, disconnected};

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

/// What a pump says before it stops.
#[derive(Clone, Copy, Debug, DisconnectCode)]
#[codes("pump", crate = ends)]
pub enum PumpCode {
    /// Nothing is left to pump.
    #[code(17)]
    #[reason(PumpEnd::Drained)]
    Dry,
}

/// Why pumping failed.
#[derive(Debug, DisconnectEvidence)]
#[evidence(crate = ends)]
pub enum PumpError {
    /// It jammed.
    #[reason(PumpEnd::Jammed, side = Local)]
    Jammed,
    /// The gauge could not be written.
    #[transparent]
    Gauge(fmt::Error),
}

impl fmt::Display for PumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pumping failed")
    }
}

impl core::error::Error for PumpError {}

/// Logs both ways of writing the line.
pub fn log(end: PumpEnd) {
    disconnected!(Disconnect::new(end), "pump stopped");
    disconnected!(reason = end, "pump stopped");
}
