//! [`DisconnectMetrics`]: one handle of a metrics library for each series.

use std::boxed::Box;
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::vec::Vec;

use super::axis::{Axis, OfDirection, OfInitiator, OfMethod};
use super::counters::{Count, Counters};
use super::possible;
use crate::category::slot;
use crate::endpoint::Endpoint;
use crate::record::Disconnect;
use crate::vocabulary::{ConnectionDirection, DisconnectInitiator, DisconnectReason};

/// One handle of a metrics library for each series of `disconnects_total{reason, expected, initiator, direction}`.
///
/// A function that you pass makes the handle of a series from its labels. The handle depends on the library: a counter
/// of the crate `metrics` (see [`metrics_counter!`](crate::metrics_counter)), a counter of `prometheus-client`, or the
/// attributes for a counter of OpenTelemetry.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use disconnect_core::{DisconnectMetrics, Endpoint};
///
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
///
/// let metrics = DisconnectMetrics::new(&[END], |labels| {
///     println!("{labels:?}");          // [("reason", "graceful"), ("expected", "true"), ("initiator", "agent"), ...]
///     Arc::new(AtomicU64::new(0))      // the counter of your library
/// });
/// metrics.series(&END.eof()).fetch_add(1, Ordering::Relaxed);
/// assert_eq!(metrics.series(&END.eof()).load(Ordering::Relaxed), 1);
/// ```
///
/// # Which series exist
///
/// [`new`](Self::new) makes the series that the endpoints can produce, so that these series exist at zero. One endpoint
/// of this crate has 28 series, all six have 84. With the method as an axis there are three times as many.
///
/// Any other series is made when its first end occurs: for a record made by hand, for a reason of another set, or for a
/// reason that [`reasons_with`](crate::Endpoint::reasons_with) returns only for some protocol codes. The number of
/// series never exceeds [`Counters::LEN`]: 300, or 1,200 with the method.
///
/// A label value is a category, the empty text for an axis that is not set, or `unrecognized` as in [`Counters`]. Text
/// from outside never becomes a label. For your own sets, for the method as a fifth label, or to omit an axis, use the
/// type parameters of [`Counters`] with [`with_sets`](Self::with_sets).
///
/// Looking up a series that exists takes no lock and does not allocate.
pub struct DisconnectMetrics<H, R = DisconnectReason, I = DisconnectInitiator, D = ConnectionDirection, M = ()> {
    handles: Box<[OnceLock<H>]>,
    make: Box<Make<H>>,
    sets: PhantomData<fn(R, I, D, M)>,
}

/// A label: key and value.
type Label = (&'static str, &'static str);

/// Makes the handle of a series.
type Make<H> = dyn Fn(&[Label]) -> H + Send + Sync;

impl<H> DisconnectMetrics<H> {
    /// Makes the handles of all series that these endpoints can produce, with the sets of this crate and without the
    /// method.
    ///
    /// For endpoints with roles or reasons of your own, use [`with_sets`](Self::with_sets): here, their values count as
    /// `unrecognized`.
    pub fn new(
        endpoints: &[Endpoint],
        make: impl Fn(&[(&'static str, &'static str)]) -> H + Send + Sync + 'static,
    ) -> Self {
        Self::with_sets(endpoints, make)
    }
}

impl<H, R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>>
    DisconnectMetrics<H, R, I, D, M>
{
    /// Like [`new`](DisconnectMetrics::new), with sets of your own or with the method as an axis.
    ///
    /// ```
    /// use disconnect_core::{
    ///     ConnectionDirection, ConnectionMethod, DisconnectInitiator, DisconnectMetrics, DisconnectReason, Endpoint,
    /// };
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
    ///
    /// type ByMethod<H> =
    ///     DisconnectMetrics<H, DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod>;
    ///
    /// let metrics = ByMethod::with_sets(&[END], |labels| labels.to_vec());
    /// let series = metrics.series(&END.eof().with_method(ConnectionMethod::Derp));
    /// assert!(series.contains(&("method", "derp")));
    /// ```
    pub fn with_sets(
        endpoints: &[Endpoint],
        make: impl Fn(&[(&'static str, &'static str)]) -> H + Send + Sync + 'static,
    ) -> Self {
        let handles = iter::repeat_with(OnceLock::new).take(Counters::<R, I, D, M>::LEN).collect();
        let metrics = Self { handles, make: Box::new(make), sets: PhantomData };
        for endpoint in endpoints {
            possible::ends::<R>(*endpoint, |end| {
                Counters::<R, I, D, M>::places_of(end).for_each(|place| _ = metrics.handle(place));
            });
        }
        metrics
    }

    /// Returns the handle of the series that counts this record.
    pub fn series(&self, end: &Disconnect) -> &H {
        self.handle(Counters::<R, I, D, M>::place_of(end))
    }

    /// Returns the handle of the series with these categories. This is the fastest form.
    ///
    /// ```
    /// use disconnect_core::{ConnectionDirection, DisconnectInitiator, DisconnectMetrics, DisconnectReason};
    ///
    /// let metrics = DisconnectMetrics::new(&[], |labels| labels.to_vec());
    /// let series = metrics.series_as(
    ///     DisconnectReason::NetworkError,
    ///     DisconnectInitiator::Network,
    ///     ConnectionDirection::AgentToClient,
    ///     None,
    /// );
    /// assert_eq!(series[..2], [("reason", "network_error"), ("expected", "false")]);
    /// assert_eq!(series[2..], [("initiator", "network"), ("direction", "agent_to_client")]);
    /// ```
    #[inline]
    pub fn series_as(
        &self,
        reason: R,
        initiator: impl Into<Option<I>>,
        direction: impl Into<Option<D>>,
        method: impl Into<Option<M>>,
    ) -> &H {
        self.handle(Counters::place_as(reason, initiator.into(), direction.into(), method.into()))
    }

    /// Returns the handle of the series that counts an observed event, as [`Counters::count_observed`] does.
    #[cfg(feature = "layer")]
    pub fn series_observed(&self, end: &super::Observed) -> &H {
        self.handle(Counters::<R, I, D, M>::place_of_observed(end))
    }

    #[inline]
    fn handle(&self, place: usize) -> &H {
        let handle = &self.handles[place];
        handle.get().unwrap_or_else(|| handle.get_or_init(|| self.made(place)))
    }

    /// Kept out of line, because it runs once for each series.
    #[cold]
    fn made(&self, place: usize) -> H {
        let labels = Counters::<R, I, D, M>::series().nth(place).map(|series| Self::labels(&series));
        (self.make)(&labels.unwrap_or_default())
    }

    /// The labels of a series. An axis that is not counted has no label.
    fn labels(series: &Count) -> Vec<Label> {
        let expected = if series.expected { "true" } else { "false" };
        let labels = [
            ("reason", series.reason, true),
            ("expected", expected, true),
            ("initiator", series.initiator, !I::CATEGORIES.is_empty()),
            ("direction", series.direction, !D::CATEGORIES.is_empty()),
            ("method", series.method, !M::CATEGORIES.is_empty()),
        ];
        labels.into_iter().filter(|(.., is_counted)| *is_counted).map(|(key, value, _)| (key, value)).collect()
    }
}

impl<H, R, I, D, M> fmt::Debug for DisconnectMetrics<H, R, I, D, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.handles.iter().filter(|handle| handle.get().is_some()).count();
        f.debug_struct("DisconnectMetrics").field("series", &made).finish_non_exhaustive()
    }
}

/// The function that makes the handles of [`DisconnectMetrics`] for the crate `metrics`: counters named
/// `disconnects_total`, with unit and description.
///
/// The first argument is your crate's path to `metrics` 0.22 or later, so that the handles belong to your version. The
/// second argument is optional: a category that becomes one more label, for example with
/// [`PerCategory`](crate::PerCategory). Install the recorder first: a handle belongs to the recorder that is installed
/// when the handle is made.
///
/// ```
/// use disconnect_core::{
///     Disconnect, DisconnectField, DisconnectGuard, DisconnectMetrics, Endpoint, PerCategory, metrics_counter,
/// };
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// # let recorder = metrics_util::debugging::DebuggingRecorder::new();
/// # let snapshotter = recorder.snapshotter();
/// # metrics::with_local_recorder(&recorder, || {
/// let metrics: DisconnectMetrics<metrics::Counter> = DisconnectMetrics::new(&[END], metrics_counter!(metrics));
/// drop(DisconnectGuard::new(END, |end: &Disconnect| metrics.series(end).increment(1)));
/// # });
/// # assert_eq!(snapshotter.snapshot().into_vec().len(), 28);
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("close_phase")]
/// enum ClosePhase {
///     Serving,
///     Draining,
/// }
///
/// let by_phase = PerCategory::new(|phase: ClosePhase| DisconnectMetrics::new(&[END], metrics_counter!(metrics, phase)));
/// by_phase[ClosePhase::Draining].series(&END.shutting_down()).increment(1);
/// ```
#[macro_export]
macro_rules! metrics_counter {
    ($metrics:ident $(:: $path:ident)* $(, $category:expr)?) => {
        $crate::metrics_counter!(@ [$metrics $(:: $path)*] $(, $category)?)
    };
    (:: $metrics:ident $(:: $path:ident)* $(, $category:expr)?) => {
        $crate::metrics_counter!(@ [:: $metrics $(:: $path)*] $(, $category)?)
    };
    (@ [$($metrics:tt)+] $(, $category:expr)?) => {{
        use $($metrics)+ as library;

        library::describe_counter!(
            "disconnects_total",
            library::Unit::Count,
            "Connections that ended, by reason, initiator, direction and method."
        );
        let further: &[(&'static str, &'static str)] = &[$($crate::DisconnectField::field($category))?];
        let further = further.to_vec();
        move |labels: &[(&'static str, &'static str)]| {
            let labels = labels.iter().chain(&further).map(|(key, value)| library::Label::new(*key, *value));
            library::counter!("disconnects_total", labels.collect::<$crate::__private::Vec<_>>())
        }
    }};
}
