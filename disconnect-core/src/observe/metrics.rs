//! The counters through the facade of the crate `metrics`.

use std::boxed::Box;
use std::fmt;
use std::marker::PhantomData;
use std::vec::Vec;

use metrics::{Counter, Key, Label, Level, Metadata, SharedString, Unit, with_recorder};

use super::counters::{Count, Counters};
use crate::{ConnectionDirection, ConnectionMethod, Disconnect, DisconnectInitiator, DisconnectReason, slot};

/// Counts ended connections as `disconnects_total{reason, expected, initiator, direction, method}` with whatever
/// recorder the program has installed for the crate `metrics`.
///
/// Every series is registered, and so present at zero, when this is made: install the recorder before. Labels are
/// categories, the empty text for what was not given, and `unrecognized`; a text from elsewhere never becomes one. How
/// many series that are is [`Counters::LEN`].
///
/// Counting takes no lock and allocates nothing, as far as the recorder's handles do not.
///
/// ```
/// use disconnect_core::{DisconnectMetrics, Endpoint};
///
/// let metrics: DisconnectMetrics = DisconnectMetrics::new();
/// metrics.count(&Endpoint::AgentToServer.eof());
/// ```
pub struct DisconnectMetrics<
    R = DisconnectReason,
    I = DisconnectInitiator,
    D = ConnectionDirection,
    M = ConnectionMethod,
> {
    handles: Box<[Counter]>,
    sets: PhantomData<fn(R, I, D, M)>,
}

/// The name of the metric.
const NAME: &str = "disconnects_total";

impl<R: slot::Reason, I: slot::Initiator, D: slot::Direction, M: slot::Method> DisconnectMetrics<R, I, D, M> {
    /// Describes the metric and registers all series.
    pub fn new() -> Self {
        Self::registered(&[])
    }

    /// The same with one more label: the key and the value of this category. The key is none of the five above.
    ///
    /// With a [`PerCategory`](crate::PerCategory) for all categories of an enum:
    ///
    /// ```
    /// use disconnect_core::{DisconnectField, DisconnectMetrics, Endpoint, PerCategory};
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("close_phase")]
    /// enum ClosePhase {
    ///     Serving,
    ///     Draining,
    /// }
    ///
    /// let metrics: PerCategory<ClosePhase, DisconnectMetrics> = PerCategory::new(DisconnectMetrics::labelled);
    /// metrics[ClosePhase::Draining].count(&Endpoint::ServerToClient.shutting_down());
    /// ```
    pub fn labelled(category: impl crate::DisconnectField) -> Self {
        let (key, value) = category.field();
        Self::registered(&[Label::from_static_parts(key, value)])
    }

    /// Counts one end.
    pub fn count(&self, end: &Disconnect) {
        self.add(Counters::<R, I, D, M>::place_of(end));
    }

    /// Counts what somebody logged, as [`Counters::count_observed`] does.
    #[cfg(feature = "layer")]
    pub fn count_observed(&self, end: &super::Observed) {
        self.add(Counters::<R, I, D, M>::place_of_observed(end));
    }

    fn add(&self, place: usize) {
        if let Some(handle) = self.handles.get(place) {
            handle.increment(1);
        }
    }

    fn registered(further: &[Label]) -> Self {
        const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
        let name = || SharedString::const_str(NAME);
        let handles = with_recorder(|recorder| {
            let what = SharedString::const_str("Connections that ended, by why, who, where and over which path.");
            recorder.describe_counter(name().into(), Some(Unit::Count), what);
            Counters::<R, I, D, M>::series()
                .map(|series| Key::from_parts(name(), labels(&series, further)))
                .map(|key| recorder.register_counter(&key, &METADATA))
                .collect()
        });
        Self { handles, sets: PhantomData }
    }
}

fn labels(series: &Count, further: &[Label]) -> Vec<Label> {
    let ours = [
        ("reason", series.reason),
        ("expected", if series.expected { "true" } else { "false" }),
        ("initiator", series.initiator),
        ("direction", series.direction),
        ("method", series.method),
    ];
    let ours = ours.into_iter().map(|(key, value)| Label::from_static_parts(key, value));
    ours.chain(further.iter().cloned()).collect()
}

impl<R: slot::Reason, I: slot::Initiator, D: slot::Direction, M: slot::Method> Default
    for DisconnectMetrics<R, I, D, M>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<R, I, D, M> fmt::Debug for DisconnectMetrics<R, I, D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisconnectMetrics").field("series", &self.handles.len()).finish_non_exhaustive()
    }
}
