//! Readers of disconnect events: the tracing layer, the counters, the metrics and the capture for tests.

mod axis;
mod counters;
#[cfg(feature = "layer")]
mod layer;
mod metrics;
#[cfg(feature = "layer")]
mod observed;
mod possible;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::axis::Axis;
pub use self::counters::{Count, Counters, PerCategory, Snapshot};
#[cfg(feature = "layer")]
pub use self::layer::DisconnectLayer;
pub use self::metrics::DisconnectMetrics;
#[cfg(feature = "layer")]
pub use self::observed::{Inconsistency, Observed};
