//! [`DisconnectLayer`]: a tracing layer that reads disconnect events back.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::cell::Cell;
use std::fmt::{self, Write};
use std::string::String;
use std::thread_local;
use std::vec::Vec;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Filtered, LevelFilter};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::observed::{Inconsistency, Observed, Raw, Registered};
use crate::category::{DisconnectField, keys};

/// Builds a tracing layer that passes every disconnect event of the program to an observer.
///
/// A disconnect event is any event with a field `disconnect_reason`, from this library or from any other code.
///
/// [`layer`](Self::layer) returns the layer with its own filter:
///
/// - The layer sees disconnect events up to its own [`level`](Self::level), independent of the filters of other layers.
///   A filter that is itself a layer, such as `registry().with(EnvFilter::new("error"))`, applies to the whole program
///   and therefore also to this layer. Attach such a filter to its layer with `with_filter` instead.
/// - The layer does not enable other events. If no other layer wants an event, tracing skips its call site in a few
///   instructions and does not evaluate its arguments.
/// - The layer does not raise the program's maximum level above its own.
///
/// The layer needs tracing-subscriber's registry. The observer runs in the thread that logs, before the logging call
/// returns. A panic of the observer propagates to the logging call. The layer does not observe disconnect events that
/// the observer logs.
///
/// If the observer logs, add this layer last. A nested event makes tracing-subscriber forget the filter results of
/// later layers, and those layers would see the disconnect event although they filter it out.
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
/// .fields(["client_session_id"])
/// .layer();
///
/// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
///     let _session = tracing::info_span!("session", client_session_id = "7f3a").entered();
///     disconnected!(Disconnect::new(DisconnectReason::NetworkError), "ssh session closed");
/// });
/// assert_eq!(TO_INVESTIGATE.load(Ordering::Relaxed), 1);
/// ```
#[must_use = "`.layer()` makes the layer"]
pub struct DisconnectLayer<O> {
    observer: O,
    wanted: Wanted,
    registered: Registered,
}

impl<O: Fn(&Observed) + 'static> DisconnectLayer<O> {
    /// Starts with this observer, the level `INFO`, no further fields, and the categories of this crate.
    pub fn new(observer: O) -> Self {
        let wanted = Wanted { fields: Some(Vec::new()), level: LevelFilter::INFO };
        Self { observer, wanted, registered: Registered::default() }
    }

    /// Keeps further fields for [`Observed::field`], by name: fields of the event or of a span around it.
    ///
    /// The layer sees spans up to its own [`level`](Self::level).
    pub fn fields(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.wanted.fields = Some(names.into_iter().collect());
        self
    }

    /// Sets the maximum level of the disconnect events and spans that the layer sees. Accepts a `Level` or a
    /// `LevelFilter`.
    ///
    /// ```
    /// use disconnect_core::{DisconnectLayer, DisconnectReason, disconnected};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let layer = DisconnectLayer::new(|end| assert!(!end.expected())).level(tracing::Level::WARN).layer();
    /// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
    ///     disconnected!(reason = DisconnectReason::NetworkError, "lost");
    ///     // An expected end is logged at `INFO`.
    ///     disconnected!(reason = DisconnectReason::Graceful, "closed");
    /// });
    /// ```
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Self {
        self.wanted.level = level.into();
        self
    }

    /// Registers the categories of an enum of your own, under its key.
    ///
    /// Register every reason enum with `#[expected]` variants. For an unregistered reason, the layer cannot verify the
    /// expected flag of the event: it reports [`Inconsistency::ExpectedUnregistered`], and [`Observed::expected`] is
    /// `false`.
    ///
    /// ```
    /// use disconnect_core::{DisconnectField, DisconnectLayer, Observed, disconnected};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    /// #[field("disconnect_reason")]
    /// enum LeaveReason {
    ///     #[expected]
    ///     Quit,
    /// }
    ///
    /// let layer = DisconnectLayer::new(|end: &Observed| assert!(end.expected())).register::<LeaveReason>().layer();
    /// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
    ///     disconnected!(reason = LeaveReason::Quit, "player left");
    /// });
    /// ```
    pub fn register<T: DisconnectField>(mut self) -> Self {
        self.registered.add::<T>();
        self
    }

    /// Builds the layer with its filter. Add it with `registry().with(...)`.
    pub fn layer<S>(self) -> Filtered<impl Layer<S>, impl Filter<S>, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Self { observer, wanted, registered } = self;
        wanted.layer(move |raw, metadata| {
            if let Some(observed) = raw.judge(&registered, metadata) {
                once_at_a_time(|| observer(&observed));
            }
        })
    }
}

impl<O> fmt::Debug for DisconnectLayer<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisconnectLayer")
            .field("wanted", &self.wanted)
            .field("registered", &self.registered)
            .finish_non_exhaustive()
    }
}

/// What a layer sees: disconnect events, and spans with the requested fields.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The requested fields; `None` keeps all fields.
    pub(super) fields: Option<Vec<&'static str>>,
    pub(super) level: LevelFilter,
}

impl Wanted {
    /// The layer that reads these events and passes each one to `receive`.
    pub(super) fn layer<S, R>(self, receive: R) -> Filtered<impl Layer<S>, impl Filter<S>, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
        R: Fn(Raw, &'static Metadata<'static>) + 'static,
    {
        Filtered::new(Observing { wanted: self.clone(), receive }, self)
    }

    #[inline]
    fn includes(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
            && if metadata.is_span() {
                metadata.fields().iter().any(|field| self.keeps(field.name()))
            } else {
                metadata.fields().field(keys::REASON).is_some()
            }
    }

    fn keeps(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|names| names.contains(&name))
    }
}

impl<S> Filter<S> for Wanted {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.includes(metadata)
    }

    /// Never returns `always`. `enabled!` and the bridge from the crate `log` ask the filters without logging, and
    /// tracing-subscriber then applies the stored "no" to the next event of the thread. With `sometimes`, tracing asks
    /// the filters again for each event.
    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.includes(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }
}

/// Reads the wanted events and spans.
struct Observing<R> {
    wanted: Wanted,
    receive: R,
}

impl<S, R> Layer<S> for Observing<R>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    R: Fn(Raw, &'static Metadata<'static>) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut kept = Kept::new(&self.wanted);
        attributes.record(&mut kept);
        keep_on_span(kept.fields, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut kept = Kept::new(&self.wanted);
        values.record(&mut kept);
        keep_on_span(kept.fields, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Needed in addition to the filter: `Event::dispatch` asks no filter, and the filter's result is lost if an
        // argument of the event logs.
        if !self.wanted.includes(event.metadata()) {
            return;
        }
        let mut reader = EventReader { raw: Raw::default(), wanted: &self.wanted };
        event.record(&mut reader);
        let mut raw = reader.raw;
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                // From the innermost span outwards. `Observed::field` returns the first match.
                raw.fields.extend(fields.iter().filter(|(name, _)| self.wanted.keeps(name)).cloned());
            }
        }
        (self.receive)(raw, event.metadata());
    }
}

/// Prevents endless recursion of an observer that logs a disconnect.
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
    // While the thread exits, the flag may be gone. Then the event is observed.
    if OBSERVING.try_with(|observing| observing.replace(true)) != Ok(true) {
        let _reset = Reset;
        observe();
    }
}

/// The requested field values of a span, shared by all layers.
struct SpanFields(Vec<(&'static str, Box<str>)>);

/// Stores the values. The lock is taken after formatting, because formatting runs user code.
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

/// Reads the requested fields.
struct Kept<'a> {
    wanted: &'a Wanted,
    fields: Vec<(&'static str, Box<str>)>,
}

impl<'a> Kept<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        Self { wanted, fields: Vec::new() }
    }
}

impl Visit for Kept<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if self.wanted.keeps(field.name()) {
            self.fields.push((field.name(), cut(value).into()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.wanted.keeps(field.name()) {
            self.fields.push((field.name(), text(value).0.into()));
        }
    }
}

/// Reads a disconnect event.
struct EventReader<'a> {
    raw: Raw,
    wanted: &'a Wanted,
}

impl EventReader<'_> {
    /// Where the text of a key of this crate is stored.
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

    /// A text value, logged as `&str` or with `%`.
    fn text(&mut self, key: &'static str, text: String, is_cut: bool) {
        if let Some(place) = self.place(key) {
            let is_repeated = place.replace(text).is_some();
            self.tell_repeated(key, is_repeated);
            if is_cut && key != "message" {
                self.raw.inconsistencies.push(Inconsistency::Cut(key));
            }
        } else if self.wanted.keeps(key) {
            self.raw.fields.push((key, text.into()));
        }
    }

    /// Reports a repeated key. The last value is kept.
    fn tell_repeated(&mut self, key: &'static str, is_repeated: bool) {
        if is_repeated && !self.raw.inconsistencies.contains(&Inconsistency::Repeated(key)) {
            self.raw.inconsistencies.push(Inconsistency::Repeated(key));
        }
    }

    /// A value that is not text.
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

    /// Also receives `%` values, which tracing does not distinguish from `?` values.
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == keys::EXPECTED {
            self.other(field.name(), value);
        } else {
            let (text, is_cut) = text(value);
            self.text(field.name(), text, is_cut);
        }
    }
}

/// The longest prefix of at most `MAX_LEN` bytes.
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

/// Formats a value up to the maximum length. Returns the text and whether it was cut.
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
    // An error of the value's own `Debug` counts as a cut. The text written so far is kept.
    let is_cut = write!(capped, "{value:?}").is_err();
    (capped.0, is_cut)
}
