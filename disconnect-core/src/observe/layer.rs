//! The layer that reads disconnect events back.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::cell::Cell;
use std::fmt::{self, Write};
use std::ptr;
use std::string::String;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread_local;
use std::vec::Vec;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::observed::{Inconsistency, Observed, Raw, Registered};
use crate::category::{DisconnectField, keys};

/// A layer that hands every event with a `disconnect_reason` to an observer, whoever wrote it.
///
/// Any other event passes by at the cost of a few instructions, however many fields it has.
///
/// It enables nothing and disables nothing: what another layer's filter keeps from this one is not seen. An observer
/// runs in the thread that logs, before the logging call returns; disconnect events that it logs itself are not
/// observed. If it panics, the logging call does.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use disconnect_core::{Disconnect, DisconnectLayer, DisconnectReason, Observed, disconnected};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// static TO_INVESTIGATE: AtomicUsize = AtomicUsize::new(0);
///
/// let layer = DisconnectLayer::new(|end: &Observed| {
///     assert_eq!(end.field("client_session_id"), Some("7f3a"));
///     if !end.expected() {
///         TO_INVESTIGATE.fetch_add(1, Ordering::Relaxed);
///     }
/// })
/// .fields(["client_session_id"]);
///
/// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
///     let _session = tracing::info_span!("session", client_session_id = "7f3a").entered();
///     disconnected!(Disconnect::new(DisconnectReason::NetworkError), "ssh session closed");
/// });
/// assert_eq!(TO_INVESTIGATE.load(Ordering::Relaxed), 1);
/// ```
pub struct DisconnectLayer<O> {
    observer: O,
    keep: Keep,
    registered: Registered,
    others: OtherCallsites,
}

/// Which fields an [`Observed`] keeps besides ours.
#[derive(Clone, Debug)]
pub(super) enum Keep {
    Named(Vec<&'static str>),
    #[cfg(feature = "testing")]
    All,
}

impl Keep {
    fn wants(&self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(&name),
            #[cfg(feature = "testing")]
            Self::All => true,
        }
    }
}

impl<O: Fn(&Observed) + 'static> DisconnectLayer<O> {
    /// A layer for this observer.
    pub fn new(observer: O) -> Self {
        Self {
            observer,
            keep: Keep::Named(Vec::new()),
            registered: Registered::default(),
            others: OtherCallsites::new(),
        }
    }

    /// Asks for fields by name, of the event or of the spans around it, for [`Observed::field`].
    pub fn fields(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.keep = Keep::Named(names.into_iter().collect());
        self
    }

    /// Takes the categories of this enum for known ones, under its key.
    pub fn register<T: DisconnectField>(mut self) -> Self {
        self.registered.add::<T>();
        self
    }

    #[cfg(feature = "testing")]
    pub(super) fn for_tests(observer: O, registered: Registered) -> Self {
        Self { observer, keep: Keep::All, registered, others: OtherCallsites::new() }
    }
}

impl<O> fmt::Debug for DisconnectLayer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisconnectLayer")
            .field("keep", &self.keep)
            .field("registered", &self.registered)
            .finish_non_exhaustive()
    }
}

impl<S, O> tracing_subscriber::Layer<S> for DisconnectLayer<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Fn(&Observed) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().fields().iter().any(|field| self.keep.wants(field.name())) {
            let mut kept = Kept::new(&self.keep);
            attributes.record(&mut kept);
            keep_on_span(kept.fields, id, &context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut kept = Kept::new(&self.keep);
        values.record(&mut kept);
        keep_on_span(kept.fields, id, &context);
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !self.others.contain(event.metadata()) {
            self.observe(event, &context);
        }
    }
}

impl<O: Fn(&Observed) + 'static> DisconnectLayer<O> {
    /// Apart, so that the events of others pass by in a few instructions.
    #[inline(never)]
    fn observe<S>(&self, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if !is_disconnect(event.metadata()) {
            return self.others.add(event.metadata());
        }
        let mut reader = EventReader { raw: Raw::default(), keep: &self.keep };
        event.record(&mut reader);
        let mut raw = reader.raw;
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                // From the inside out: the first one of a name is the one that is found.
                raw.fields.extend(fields.iter().filter(|(name, _)| self.keep.wants(name)).cloned());
            }
        }
        if let Some(observed) = raw.judge(&self.registered, event.metadata()) {
            once_at_a_time(|| (self.observer)(&observed));
        }
    }
}

/// Whether an event can carry a reason.
fn is_disconnect(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| field.name() == keys::REASON)
}

/// Call sites that cannot carry a reason: most cannot, and their events shall not pay for a look at each of their keys.
///
/// A call site is known by the address of its metadata, which stays its own. One whose two places are taken is looked at
/// each time, since to displace another would be dearer where two threads do it in turns.
struct OtherCallsites(Box<[AtomicUsize; OtherCallsites::PLACES]>);

impl OtherCallsites {
    const PLACES: usize = 1024;

    fn new() -> Self {
        Self(Box::new([const { AtomicUsize::new(0) }; Self::PLACES]))
    }

    #[inline]
    fn contain(&self, metadata: &'static Metadata<'static>) -> bool {
        let address = ptr::from_ref(metadata).addr();
        self.places(address).any(|place| place.load(Ordering::Relaxed) == address)
    }

    fn add(&self, metadata: &'static Metadata<'static>) {
        let address = ptr::from_ref(metadata).addr();
        // The place is the address and nothing else, so there is nothing to be ordered.
        let take = |place: &AtomicUsize| place.compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed);
        let _ = self.places(address).map(take).find(|taken| *taken == Ok(0) || *taken == Err(address));
    }

    /// Two neighbours, which share a cache line.
    #[inline]
    fn places(&self, address: usize) -> impl Iterator<Item = &AtomicUsize> {
        // Metadata are far larger than 16 bytes, and lie beside each other.
        let first = (address >> 4) ^ (address >> 14);
        [first, first ^ 1].into_iter().filter_map(|place| self.0.get(place % Self::PLACES))
    }
}

/// An observer that logs a disconnect would otherwise observe itself without end.
fn once_at_a_time(observe: impl FnOnce()) {
    thread_local! {
        static OBSERVING: Cell<bool> = const { Cell::new(false) };
    }
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            let _ = OBSERVING.try_with(|observing| observing.set(false));
        }
    }
    // While the thread ends the flag may be gone: then the end is observed all the same.
    if OBSERVING.try_with(|observing| observing.replace(true)) != Ok(true) {
        let _reset = Reset;
        observe();
    }
}

/// The values of a span that somebody asked for. Several layers may share them.
struct SpanFields(Vec<(&'static str, Box<str>)>);

/// The lock is taken once no code of the user can run any more.
fn keep_on_span<S>(values: Vec<(&'static str, Box<str>)>, id: &Id, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if values.is_empty() {
        return;
    }
    let Some(span) = context.span(id) else { return };
    let mut extensions = span.extensions_mut();
    if extensions.get_mut::<SpanFields>().is_none() {
        extensions.insert(SpanFields(Vec::new()));
    }
    let Some(SpanFields(fields)) = extensions.get_mut() else { return };
    for (name, value) in values {
        fields.retain(|(key, _)| *key != name);
        fields.push((name, value));
    }
}

/// Reads the fields that were asked for.
struct Kept<'a> {
    keep: &'a Keep,
    fields: Vec<(&'static str, Box<str>)>,
}

impl<'a> Kept<'a> {
    fn new(keep: &'a Keep) -> Self {
        Self { keep, fields: Vec::new() }
    }
}

impl Visit for Kept<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.keep.wants(field.name()) {
            self.fields.push((field.name(), cut(value).into()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.keep.wants(field.name()) {
            self.fields.push((field.name(), text(value).0.into()));
        }
    }
}

/// Reads a disconnect event.
struct EventReader<'a> {
    raw: Raw,
    keep: &'a Keep,
}

impl EventReader<'_> {
    /// Where the text of one of our keys goes.
    fn place(&mut self, key: &str) -> Option<&mut Option<String>> {
        Some(match key {
            keys::REASON => &mut self.raw.reason,
            keys::INITIATOR => &mut self.raw.initiator,
            keys::DIRECTION => &mut self.raw.direction,
            keys::METHOD => &mut self.raw.method,
            keys::CAUSE => &mut self.raw.cause,
            keys::CODE => &mut self.raw.code,
            keys::DETAIL => &mut self.raw.detail,
            "message" => &mut self.raw.message,
            _ => return None,
        })
    }

    /// A text that was logged as one, or through `Display`.
    fn text(&mut self, key: &'static str, text: String, is_cut: bool) {
        if let Some(place) = self.place(key) {
            let is_repeated = place.replace(text).is_some();
            self.tell_repeated(key, is_repeated);
            if is_cut && key != "message" {
                self.raw.inconsistencies.push(Inconsistency::Cut(key));
            }
        } else if self.keep.wants(key) {
            self.raw.fields.push((key, text.into()));
        }
    }

    /// The last of several values is kept, and which one is right nobody knows.
    fn tell_repeated(&mut self, key: &'static str, is_repeated: bool) {
        if is_repeated && !self.raw.inconsistencies.contains(&Inconsistency::Repeated(key)) {
            self.raw.inconsistencies.push(Inconsistency::Repeated(key));
        }
    }

    /// A value that is no text.
    fn other(&mut self, key: &'static str, value: &dyn fmt::Debug) {
        let is_ours = key == keys::EXPECTED || self.place(key).is_some();
        if is_ours && !self.raw.inconsistencies.contains(&Inconsistency::WrongType(key)) {
            self.raw.inconsistencies.push(Inconsistency::WrongType(key));
        }
        let (text, is_cut) = text(value);
        self.text(key, text, is_cut);
    }
}

impl Visit for EventReader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == keys::EXPECTED {
            self.other(field.name(), &value);
        } else {
            let kept = cut(value);
            self.text(field.name(), kept.to_owned(), kept.len() < value.len());
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == keys::EXPECTED {
            let is_repeated = self.raw.expected.replace(value).is_some();
            self.tell_repeated(field.name(), is_repeated);
        } else {
            self.other(field.name(), &value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.other(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.other(field.name(), &value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.other(field.name(), &value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.other(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.other(field.name(), &value);
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.other(field.name(), &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.other(field.name(), &format_args!("{value}"));
    }

    /// Also what was logged by `%`: it cannot be told from `?`.
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == keys::EXPECTED {
            self.other(field.name(), value);
        } else {
            let (text, is_cut) = text(value);
            self.text(field.name(), text, is_cut);
        }
    }
}

/// The longest prefix that is kept.
fn cut(text: &str) -> &str {
    &text[..floor_char_boundary(text, Observed::MAX_LEN)]
}

/// `str::floor_char_boundary` needs Rust 1.91.
fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A value as text, and whether it was cut. No more is formatted than what is kept.
fn text(value: &dyn fmt::Debug) -> (String, bool) {
    struct Capped(String);
    impl Write for Capped {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = Observed::MAX_LEN - self.0.len();
            let fits = &text[..floor_char_boundary(text, room)];
            self.0.push_str(fits);
            if fits.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut capped = Capped(String::new());
    // An error of the value's own is as good as a cut: what it wrote is kept.
    let is_cut = write!(capped, "{value:?}").is_err();
    (capped.0, is_cut)
}
