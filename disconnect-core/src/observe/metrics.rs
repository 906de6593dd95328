//! The counters through the facade of the crate `metrics`.

use std::boxed::Box;
use std::fmt;
use std::marker::PhantomData;
use std::vec::Vec;

use metrics::{Counter, Key, Label, Level, Metadata, SharedString, Unit, with_recorder};

use super::axis::{Axis, OfDirection, OfInitiator, OfMethod};
use super::counters::{Count, Counters};
use crate::category::{DisconnectField, slot};
use crate::record::Disconnect;
use crate::vocabulary::{ConnectionDirection, DisconnectInitiator, DisconnectReason};

/// Counts ended connections as `disconnects_total{reason, expected, initiator, direction}` with whatever recorder the
/// program has installed for the crate `metrics`. Own sets, the method as a fifth label, and axes left out: as with
/// [`Counters`](crate::Counters).
///
/// Every series is registered, and so present at zero, when this is made: install the recorder before. Labels are
/// categories, the empty text for what was not given, and `unrecognized` as in [`Counters`](crate::Counters); a text from
/// elsewhere never becomes one. How many series that are is [`Counters::LEN`].
///
/// Counting takes no lock and allocates nothing, as far as the recorder's handles do not.
///
/// ```
/// use disconnect_core::{DisconnectMetrics, Endpoint};
///
/// let metrics = DisconnectMetrics::new();
/// metrics.count(&Endpoint::AGENT_FACING_SERVER.eof());
/// ```
pub struct DisconnectMetrics<R = DisconnectReason, I = DisconnectInitiator, D = ConnectionDirection, M = ()> {
    handles: Box<[Counter]>,
    sets: PhantomData<fn(R, I, D, M)>,
}

/// The name of the metric.
const NAME: &str = "disconnects_total";

impl DisconnectMetrics {
    /// Describes the metric and registers all series, of our own categories without the method.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>> DisconnectMetrics<R, I, D, M> {
    /// The same with one more label: the key and the value of this category. The key is none of the labels above.
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
    /// metrics[ClosePhase::Draining].count(&Endpoint::SERVER_FACING_CLIENT.shutting_down());
    /// ```
    pub fn labelled(category: impl DisconnectField) -> Self {
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
                .map(|series| Key::from_parts(name(), Self::labels(&series, further)))
                .map(|key| recorder.register_counter(&key, &METADATA))
                .collect()
        });
        Self { handles, sets: PhantomData }
    }

    /// An axis that is not counted has no label.
    fn labels(series: &Count, further: &[Label]) -> Vec<Label> {
        let expected = if series.expected { "true" } else { "false" };
        let ours = [
            ("reason", series.reason, true),
            ("expected", expected, true),
            ("initiator", series.initiator, !I::CATEGORIES.is_empty()),
            ("direction", series.direction, !D::CATEGORIES.is_empty()),
            ("method", series.method, !M::CATEGORIES.is_empty()),
        ];
        let ours = ours.into_iter().filter(|(.., is_counted)| *is_counted);
        let ours = ours.map(|(key, value, _)| Label::from_static_parts(key, value));
        ours.chain(further.iter().cloned()).collect()
    }
}

impl<R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>> Default
    for DisconnectMetrics<R, I, D, M>
{
    /// Describes the metric and registers all series.
    fn default() -> Self {
        Self::registered(&[])
    }
}

impl<R, I, D, M> fmt::Debug for DisconnectMetrics<R, I, D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisconnectMetrics").field("series", &self.handles.len()).finish_non_exhaustive()
    }
}
