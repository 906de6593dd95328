//! std's `SystemTime`: whether the peer was silent, or the clock of this side jumped.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, SystemTimeError};

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectEvidence, DisconnectReason, Endpoint};

/// When the peer last sent something.
pub struct Spoke {
    by_the_wall: SystemTime,
    since: Instant,
}

impl Spoke {
    pub fn now() -> Self {
        Self { by_the_wall: SystemTime::now(), since: Instant::now() }
    }

    /// The end of the connection if its deadline has passed by the wall clock. If that much time has not really passed,
    /// a jump of the clock ends a healthy connection.
    ///
    /// # Errors
    ///
    /// Fails if the wall clock went back.
    pub fn too_long_ago(
        &self,
        now: SystemTime,
        patience: Duration,
        end: Endpoint,
    ) -> Result<Option<Disconnect>, WentBack> {
        if now.duration_since(self.by_the_wall).map_err(WentBack)? < patience {
            return Ok(None);
        }
        let silent = self.since.elapsed() >= patience;
        Ok(Some(if silent { end.idle_timeout() } else { end.ended(DisconnectReason::Unknown, Side::Local) }))
    }
}

/// List it in the endpoint's classifier.
#[derive(Debug, DisconnectEvidence)]
#[reason(Unknown, side = Local, cause = InternalError)]
pub struct WentBack(SystemTimeError);

impl fmt::Display for WentBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the clock went back: {}", self.0)
    }
}

impl Error for WentBack {}
