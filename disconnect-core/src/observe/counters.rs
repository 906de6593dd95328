//! [`Counters`]: the number of ended connections by category.

use std::boxed::Box;
use std::fmt;
use std::iter;
use std::marker::PhantomData;
use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec::Vec;

use super::axis::{Axis, OfDirection, OfInitiator, OfMethod};
use crate::category::{Category, DisconnectField, Recorded, position, slot};
use crate::record::Disconnect;
use crate::vocabulary::{ConnectionDirection, DisconnectInitiator, DisconnectReason};

/// Counts ended connections by reason, initiator and direction.
///
/// The counters are an array with one element for each combination of categories. The array never grows. A value that
/// is no category is counted as `unrecognized`, or as `(unrecognized)` if the set has a category named `unrecognized`.
/// Counting takes no lock and does not allocate.
///
/// Use a `static COUNTERS: LazyLock<Counters> = LazyLock::new(Counters::new);` for the whole process. The type
/// parameters select the sets, such as your own in `Counters::<LeaveReason, Player>::default()`. The type `()` omits an
/// axis. The connection method is omitted by default; to count it, write `Counters<DisconnectReason,
/// DisconnectInitiator, ConnectionDirection, ConnectionMethod>`.
///
/// ```
/// use disconnect_core::{Counters, Disconnect, DisconnectInitiator, DisconnectReason, Endpoint};
///
/// let counters = Counters::new();
/// counters.count(&Endpoint::AGENT_FACING_SERVER.eof());
/// counters.count(&Endpoint::AGENT_FACING_SERVER.shutting_down());
///
/// let snapshot = counters.snapshot();
/// assert_eq!((snapshot.total(), snapshot.expected(), snapshot.unexpected()), (2, 1, 1));
/// let worst = snapshot.iter().find(|count| count.value > 0 && !count.expected).unwrap();
/// assert_eq!((worst.reason, worst.initiator, worst.direction), ("network_error", "network", "server_to_agent"));
/// ```
///
/// An axis that a record does not set is counted under the empty text, like an initiator or method that is logged as
/// the empty text. Prometheus treats a label with an empty value as absent.
pub struct Counters<R = DisconnectReason, I = DisconnectInitiator, D = ConnectionDirection, M = ()> {
    cells: Box<[AtomicU64]>,
    sets: PhantomData<fn(R, I, D, M)>,
}

/// One series of a [`Snapshot`]: its labels and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// A category or `unrecognized`.
    ///
    /// `unrecognized` counts values that are no category. It also counts an expected category if the record
    /// says that the end is unexpected. If the set has a category named `unrecognized`, this text is `(unrecognized)`,
    /// also in the other fields.
    pub reason: &'static str,
    /// The expected flag of the reason. For `unrecognized`, the flag of the record.
    pub expected: bool,
    /// A category, `unrecognized`, or empty if not set.
    pub initiator: &'static str,
    /// A category, `unrecognized`, or empty if not set.
    pub direction: &'static str,
    /// A category, `unrecognized`, or empty if not set or not counted.
    pub method: &'static str,
    /// The number of connections that ended this way. It wraps at 2^64.
    pub value: u64,
}

/// Candidates for the label of a value that is no category; the first one that is no category is used. The last one is
/// always available, because no logged value begins with a space.
const UNRECOGNIZED: [&str; 3] = ["unrecognized", "(unrecognized)", " unrecognized"];

impl Counters {
    /// Creates counters with the sets of this crate and without the method. All series are zero.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>> Counters<R, I, D, M> {
    /// Two more than the categories: an unrecognized reason is expected or unexpected. A reason is never absent.
    const REASONS: usize = R::ALL.len() + 2;
    const INITIATORS: usize = places::<OfInitiator, I>();
    const DIRECTIONS: usize = places::<OfDirection, D>();
    const METHODS: usize = places::<OfMethod, M>();

    /// The number of series.
    pub const LEN: usize = Self::REASONS * Self::INITIATORS * Self::DIRECTIONS * Self::METHODS;

    /// Counts a record.
    pub fn count(&self, end: &Disconnect) {
        self.add(Self::place_of(end));
    }

    /// Counts an end by its categories. This is the fastest form.
    ///
    /// ```
    /// use disconnect_core::{Counters, ConnectionDirection, DisconnectReason};
    ///
    /// let counters = Counters::new();
    /// counters.count_as(DisconnectReason::Graceful, None, ConnectionDirection::AgentToClient, None);
    /// assert_eq!(counters.snapshot().total(), 1);
    /// ```
    #[inline]
    pub fn count_as(
        &self,
        reason: R,
        initiator: impl Into<Option<I>>,
        direction: impl Into<Option<D>>,
        method: impl Into<Option<M>>,
    ) {
        self.add(Self::place_as(reason, initiator.into(), direction.into(), method.into()));
    }

    /// Counts an end that was read back from a log or a database. An unknown reason counts as unexpected.
    ///
    /// ```
    /// use disconnect_core::{Counters, DisconnectReason, Recorded};
    ///
    /// let counters = Counters::new();
    /// counters.count_recorded(&Recorded::from("graceful"), Some(&Recorded::from("agent")), None, None);
    /// counters.count_recorded(&Recorded::from("quota_exceeded"), None, None, None);
    ///
    /// let snapshot = counters.snapshot();
    /// assert_eq!((snapshot.expected(), snapshot.unexpected()), (1, 1));
    /// assert_eq!(snapshot.sum(|count| count.reason == "unrecognized"), 1);
    /// ```
    pub fn count_recorded(
        &self,
        reason: &Recorded<R>,
        initiator: Option<&Recorded<I>>,
        direction: Option<&Recorded<D>>,
        method: Option<&Recorded<M>>,
    ) {
        let reason = Self::reason(reason.known(), false);
        self.add(Self::place(
            reason,
            recorded::<OfInitiator, I>(initiator),
            recorded::<OfDirection, D>(direction),
            recorded::<OfMethod, M>(method),
        ));
    }

    /// Counts an event that [`DisconnectLayer`](crate::DisconnectLayer) observed. If the event itself says that an
    /// expected reason is unexpected, it counts as `unrecognized`.
    #[cfg(feature = "layer")]
    pub fn count_observed(&self, end: &super::Observed) {
        self.add(Self::place_of_observed(end));
    }

    /// Returns all series, including those at zero. Each value is exact, but the values are not read at the same
    /// instant.
    pub fn snapshot(&self) -> Snapshot {
        let values = self.cells.iter().map(|cell| cell.load(Ordering::Relaxed));
        Snapshot { counts: Self::series().zip(values).map(|(series, value)| Count { value, ..series }).collect() }
    }

    /// Every combination of labels, in array order.
    pub(super) fn series() -> impl Iterator<Item = Count> {
        let reasons = R::CATEGORIES.iter().map(|row| (row.value, row.is_expected()));
        let reasons = reasons.chain([false, true].map(|expected| (unrecognized_label(R::CATEGORIES), expected)));
        reasons.flat_map(|(reason, expected)| {
            labels::<OfInitiator, I>().flat_map(move |initiator| {
                labels::<OfDirection, D>().flat_map(move |direction| {
                    labels::<OfMethod, M>().map(move |method| Count {
                        reason,
                        expected,
                        initiator,
                        direction,
                        method,
                        value: 0,
                    })
                })
            })
        })
    }

    /// The array position for these categories.
    #[inline]
    pub(super) fn place_as(reason: R, initiator: Option<I>, direction: Option<D>, method: Option<M>) -> usize {
        Self::place(
            reason.index(),
            typed::<OfInitiator, I>(initiator),
            typed::<OfDirection, D>(direction),
            typed::<OfMethod, M>(method),
        )
    }

    /// The array positions for a record, one for each method that the call site may add.
    pub(super) fn places_of(end: &Disconnect) -> impl Iterator<Item = usize> + use<R, I, D, M> {
        let first = Self::place_of(end) / Self::METHODS * Self::METHODS;
        // The last position of the axis is for unrecognized methods.
        first..first + (Self::METHODS - 1).max(1)
    }

    /// The array position for a record. A reason of another set may have the same logged value without being expected.
    pub(super) fn place_of(end: &Disconnect) -> usize {
        let reason = position::<R>(end.reason());
        let reason = reason.filter(|reason| end.expected() || !R::CATEGORIES[*reason].is_expected());
        Self::place(
            reason.unwrap_or(R::ALL.len() + usize::from(end.expected())),
            row::<OfInitiator, I>(end.initiator()),
            row::<OfDirection, D>(end.direction()),
            row::<OfMethod, M>(end.method()),
        )
    }

    /// The array position for an observed event.
    #[cfg(feature = "layer")]
    pub(super) fn place_of_observed(end: &super::Observed) -> usize {
        let reason = R::parse(end.reason().as_str())
            .filter(|reason| !(reason.category().is_expected() && end.denies_expected()));
        Self::place(
            Self::reason(reason, end.expected()),
            text::<OfInitiator, I>(end.initiator().map(Recorded::as_str)),
            text::<OfDirection, D>(end.direction().map(Recorded::as_str)),
            text::<OfMethod, M>(end.method().map(Recorded::as_str)),
        )
    }

    fn place(reason: usize, initiator: usize, direction: usize, method: usize) -> usize {
        ((reason * Self::INITIATORS + initiator) * Self::DIRECTIONS + direction) * Self::METHODS + method
    }

    fn reason(category: Option<R>, expected: bool) -> usize {
        category.map_or(R::ALL.len() + usize::from(expected), R::index)
    }

    #[inline]
    fn add(&self, place: usize) {
        if let Some(cell) = self.cells.get(place) {
            cell.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn row<S, T: Axis<S>>(category: Option<&'static Category>) -> usize {
    match category {
        None => absent::<S, T>(),
        Some(row) => T::place(row).unwrap_or(unrecognized::<S, T>()),
    }
}

#[cfg(feature = "layer")]
fn text<S, T: Axis<S>>(value: Option<&str>) -> usize {
    match value {
        None => absent::<S, T>(),
        Some(value) => T::find(value).unwrap_or(unrecognized::<S, T>()),
    }
}

fn recorded<S, T: Axis<S>>(value: Option<&Recorded<T>>) -> usize {
    match value.map(Recorded::category) {
        None => absent::<S, T>(),
        Some(None) => unrecognized::<S, T>(),
        Some(Some(category)) => category.index(),
    }
}

#[inline]
fn typed<S, T: Axis<S>>(category: Option<T>) -> usize {
    category.map_or(const { absent::<S, T>() }, T::index)
}

/// The position for an axis that is not set: the category with an empty logged value, or an extra position.
const fn absent<S, T: Axis<S>>() -> usize {
    let mut place = 0;
    while place < T::CATEGORIES.len() && !T::CATEGORIES[place].value.is_empty() {
        place += 1;
    }
    place
}

/// The last position of an axis. An axis that is not counted has a single position.
const fn unrecognized<S, T: Axis<S>>() -> usize {
    places::<S, T>() - 1
}

/// The number of positions of an axis.
const fn places<S, T: Axis<S>>() -> usize {
    let categories = T::CATEGORIES.len();
    if categories == 0 {
        return 1;
    }
    let of_absent = if absent::<S, T>() == categories { 1 } else { 0 };
    categories + of_absent + 1
}

/// The labels of one axis, in the order of its positions.
fn labels<S, T: Axis<S>>() -> impl Iterator<Item = &'static str> {
    let rows = T::CATEGORIES;
    let of_absent = (absent::<S, T>() == rows.len()).then_some("");
    let of_unrecognized = (!rows.is_empty()).then(|| unrecognized_label(rows));
    rows.iter().map(|row| row.value).chain(of_absent).chain(of_unrecognized)
}

fn unrecognized_label(rows: &[Category]) -> &'static str {
    let is_free = |label: &&str| rows.iter().all(|row| row.value != *label);
    let [.., last] = UNRECOGNIZED;
    UNRECOGNIZED.into_iter().find(is_free).unwrap_or(last)
}

/// One value for each category of an enum, such as one [`Counters`] for each phase of a connection.
///
/// The categories become one more label, and no other label values are possible.
///
/// ```
/// use disconnect_core::{Counters, DisconnectField, Endpoint, PerCategory};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("close_phase")]
/// enum ClosePhase {
///     Serving,
///     Draining,
/// }
///
/// let counters: PerCategory<ClosePhase, Counters> = PerCategory::new(|_| Counters::new());
/// counters[ClosePhase::Draining].count(&Endpoint::SERVER_FACING_CLIENT.shutting_down());
/// assert_eq!(counters[ClosePhase::Draining].snapshot().total(), 1);
/// assert_eq!(counters[ClosePhase::Serving].snapshot().total(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct PerCategory<T, V> {
    values: Box<[V]>,
    set: PhantomData<fn(T)>,
}

impl<T: DisconnectField, V> PerCategory<T, V> {
    /// Creates the value of each category with `make`.
    pub fn new(make: impl FnMut(T) -> V) -> Self {
        Self { values: T::ALL.iter().copied().map(make).collect(), set: PhantomData }
    }

    /// Iterates over categories and values, in declaration order.
    pub fn iter(&self) -> impl Iterator<Item = (T, &V)> {
        T::ALL.iter().copied().zip(&*self.values)
    }
}

impl<T: DisconnectField, V> Index<T> for PerCategory<T, V> {
    type Output = V;

    fn index(&self, category: T) -> &V {
        &self.values[category.index()]
    }
}

impl<R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>> Default for Counters<R, I, D, M> {
    /// Creates counters with all series at zero.
    fn default() -> Self {
        Self { cells: iter::repeat_with(AtomicU64::default).take(Self::LEN).collect(), sets: PhantomData }
    }
}

impl<R: slot::Reason, I: Axis<OfInitiator>, D: Axis<OfDirection>, M: Axis<OfMethod>> fmt::Debug
    for Counters<R, I, D, M>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.snapshot().iter().filter(|count| count.value > 0)).finish()
    }
}

/// The values of [`Counters`] at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    counts: Vec<Count>,
}

impl Snapshot {
    /// Iterates over all series, including those at zero.
    pub fn iter(&self) -> impl Iterator<Item = Count> {
        self.counts.iter().copied()
    }

    /// Returns the number of connections that ended.
    pub fn total(&self) -> u64 {
        self.expected().wrapping_add(self.unexpected())
    }

    /// Returns the number of expected ends.
    pub fn expected(&self) -> u64 {
        self.sum(|count| count.expected)
    }

    /// Returns the number of unexpected ends, which are worth investigating.
    pub fn unexpected(&self) -> u64 {
        self.sum(|count| !count.expected)
    }

    /// Sums the series that `wanted` selects.
    ///
    /// ```
    /// use disconnect_core::{Counters, Endpoint};
    ///
    /// let counters = Counters::new();
    /// counters.count(&Endpoint::AGENT_FACING_SERVER.eof());
    /// assert_eq!(counters.snapshot().sum(|count| count.reason == "network_error"), 1);
    /// ```
    pub fn sum(&self, mut wanted: impl FnMut(&Count) -> bool) -> u64 {
        self.iter().filter(|count| wanted(count)).fold(0, |sum, count| sum.wrapping_add(count.value))
    }

    /// Returns the difference to an earlier snapshot of the same counters.
    ///
    /// ```
    /// use disconnect_core::{Counters, Endpoint};
    ///
    /// let counters = Counters::new();
    /// counters.count(&Endpoint::AGENT_FACING_SERVER.eof());
    /// let earlier = counters.snapshot();
    /// counters.count(&Endpoint::AGENT_FACING_SERVER.shutting_down());
    ///
    /// let since = counters.snapshot().since(&earlier);
    /// assert_eq!((since.total(), since.expected()), (1, 1));
    /// ```
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.counts.iter().zip(&earlier.counts);
        Self { counts: pairs.map(|(now, then)| Count { value: now.value.wrapping_sub(then.value), ..*now }).collect() }
    }
}
