//! `disconnected!` with what it expands to, and `record_on`: the only file that emits tracing events.

use core::fmt;

use crate::category::{Category, DisconnectField, Line, keys, same, slot};
use crate::code::{Code, OptionalCode};
use crate::record::{Detail, Disconnect};

#[cfg(feature = "std")]
use std::{borrow::Cow, boxed::Box, string::String};

/// Writes the one line at the end of a connection: a single `tracing` event that carries the attribution.
///
/// # From a record
///
/// ```
/// use disconnect_core::{Disconnect, DisconnectReason, disconnected};
///
/// let end = Disconnect::new(DisconnectReason::NetworkError).with_detail("no route");
/// let id = 7;
/// disconnected!(end, peer_id = %id, attempts = 3, "disconnected from coordination RPC");
/// ```
///
/// The first item is a [`Disconnect`] or a reference to one. Fields of your own follow, in every form that tracing
/// takes: `name = value`, `%name`, `?name`, `a.b = value`, `"quoted" = value`, `{ CONST } = value`. A category enum
/// under a key of its own is `field(Type = value)`, as below.
///
/// # From an optional value
///
/// `group(option => a, b = path)` adds fields of a value that may not be there. Where it is not, the fields are absent.
///
/// ```
/// use disconnect_core::{Disconnect, DisconnectReason, disconnected};
///
/// struct Build {
///     id: u64,
///     transition: &'static str,
/// }
///
/// let end = Disconnect::new(DisconnectReason::WorkspaceStopped);
/// let build = Some(Build { id: 7, transition: "stop" });
/// disconnected!(end, group(build => build_id = id, transition), "session closed");
/// ```
///
/// The option is an `Option<T>`, an `Option<&T>` or a reference to one, evaluated once. Behind the value stands a field,
/// or a call: `name = id()`. `%` and `?` work as in any field: `%addr`, `peer = ?addr`.
///
/// # From slots
///
/// ```
/// use disconnect_core::{DisconnectField, DisconnectInitiator, DisconnectReason, disconnected};
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
/// #[field("close_phase")]
/// enum ClosePhase {
///     Draining,
/// }
///
/// let (code, session_id) = (3, 7);
/// disconnected!(
///     level: DEBUG,
///     reason = DisconnectReason::Graceful,
///     initiator = DisconnectInitiator::Client,
///     detail = format_args!("exited with code {code}"),
///     field(ClosePhase = ClosePhase::Draining),
///     session_id,
///     "ssh session {session_id} closed"
/// );
/// ```
///
/// | slot | takes | logged as |
/// |---|---|---|
/// | `direction` | any [`slot::Direction`], or an option | `connect_type` |
/// | `reason` | any [`slot::Reason`]; required | `disconnect_reason`, `disconnect_expected` |
/// | `initiator` | any [`slot::Initiator`], or an option | `disconnect_initiator` |
/// | `method` | any [`slot::Method`], or an option | `connection_method` |
/// | `cause` | any [`slot::Cause`], or an option | `disconnect_cause` |
/// | `code` | a [`Code`](crate::Code), or an option | `disconnect_code` |
/// | `detail` | text, `format_args!`, `%display`, `?debug`, or an option; empty, it is absent | `disconnect_detail` |
/// | `field(Type = value)` | a category enum with a key of its own, or an option | its key, and its expected flag where it has one |
///
/// Slots work in generic code. `field(Type = value)` needs a concrete type, since a callsite is a static.
///
/// # Name, level, target, parent
///
/// The event's name is `disconnect`. `level: DEBUG`, `target: "..."` and `parent: &span` come before everything else.
///
/// `level: DEBUG | WARN` states a level for an expected end and one for an unexpected end. Without a level, it is
/// `INFO | WARN`. The second one is also that of a record for which [`should_warn`](Disconnect::should_warn) says so.
/// Two levels need two callsites; one level needs one, and compiles faster.
///
/// # What does not compile
///
/// A missing reason, a slot that is misspelt, given twice or given beside a record, a field of your own under a key
/// of ours, a string where a category belongs, a category where a plain value belongs, a message that is not one literal
/// at the end. A field of your own that is spelt almost like a slot or a key of ours is taken for a mistake; quoted, it is
/// not: `"methods" = 3`.
///
/// # Cost
///
/// Where the level is off nothing is evaluated but what picks the level. Values are recorded as `&str` and `bool`,
/// without allocation, and never through `Display` or `Debug`.
#[macro_export]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
macro_rules! disconnected {
    ($($event:tt)*) => {
        $crate::__private::disconnected! { $crate; $($event)* }
    };
}

impl Disconnect {
    /// Writes the fields of the disconnect event onto a span.
    ///
    /// A span only takes the fields that it declared: tracing drops the others without a word. The list to paste:
    ///
    /// ```
    /// use disconnect_core::{Disconnect, DisconnectReason};
    /// use tracing::field::Empty;
    ///
    /// let span = tracing::info_span!(
    ///     "session",
    ///     connect_type = Empty,
    ///     disconnect_reason = Empty,
    ///     disconnect_expected = Empty,
    ///     disconnect_initiator = Empty,
    ///     connection_method = Empty,
    ///     disconnect_cause = Empty,
    ///     disconnect_code = Empty,
    ///     disconnect_detail = Empty,
    /// );
    /// Disconnect::new(DisconnectReason::Graceful).record_on(&span);
    /// ```
    pub fn record_on(&self, span: &tracing::Span) {
        let code = code(self.code());
        span.record(keys::DIRECTION, self.direction().map(Category::as_str))
            .record(keys::REASON, self.reason().as_str())
            .record(keys::EXPECTED, self.expected())
            .record(keys::INITIATOR, self.initiator().map(Category::as_str))
            .record(keys::METHOD, self.method().map(Category::as_str))
            .record(keys::CAUSE, self.cause().map(Category::as_str))
            .record(keys::CODE, code.as_str())
            .record(keys::DETAIL, self.detail());
    }
}

/// What may stand first in `disconnected!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Disconnect`",
    label = "expected a record",
    note = "a category is given by its slot: `disconnected!(reason = ..., \"...\")`"
)]
pub trait Record {
    /// The record itself.
    fn record(&self) -> &Disconnect;
}

impl Record for Disconnect {
    fn record(&self) -> &Disconnect {
        self
    }
}

impl<T: Record + ?Sized> Record for &T {
    fn record(&self) -> &Disconnect {
        (**self).record()
    }
}

impl<T: Record + ?Sized> Record for &mut T {
    fn record(&self) -> &Disconnect {
        (**self).record()
    }
}

/// The record that stands first in `disconnected!`.
#[inline]
pub fn record<T: Record>(end: &T) -> &Disconnect {
    end.record()
}

/// Whether the line is written at `INFO` where no level is stated.
#[inline]
pub fn is_info(end: &Disconnect) -> bool {
    !end.should_warn()
}

/// The `reason` slot.
#[inline]
pub fn reason(reason: impl slot::Reason) -> &'static Category {
    reason.category()
}

/// A slot that takes a category or an option of one.
macro_rules! optional_slot {
    ($function:ident, $optional:ident, $slot:ident, $message:tt, $label:tt, $note:tt) => {
        #[doc = concat!("What the `", stringify!($function), "` slot takes.")]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $optional {
            /// The logged value.
            fn value(self) -> Option<&'static str>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: slot::$slot> $optional for T {
            fn value(self) -> Option<&'static str> {
                Some(self.as_str())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: slot::$slot> $optional for Option<T> {
            fn value(self) -> Option<&'static str> {
                self.map(DisconnectField::as_str)
            }
        }

        #[doc = concat!("The `", stringify!($function), "` slot.")]
        #[inline]
        pub fn $function(given: impl $optional) -> Option<&'static str> {
            given.value()
        }
    };
}

optional_slot!(
    direction,
    OptionalDirection,
    Direction,
    "`{Self}` is not a connection direction",
    "expected a direction, such as `ConnectionDirection::ServerToAgent`, or an option of one",
    "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connect_type\")]`"
);
optional_slot!(
    initiator,
    OptionalInitiator,
    Initiator,
    "`{Self}` is not a disconnect initiator",
    "expected an initiator, such as `DisconnectInitiator::Server`, or an option of one",
    "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_initiator\")]`"
);
optional_slot!(
    method,
    OptionalMethod,
    Method,
    "`{Self}` is not a connection method",
    "expected a method, such as `ConnectionMethod::Direct`, or an option of one",
    "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"connection_method\")]`"
);
optional_slot!(
    cause,
    OptionalCause,
    Cause,
    "`{Self}` is not a disconnect cause",
    "expected a cause, such as `DisconnectCause::Reset`, or an option of one",
    "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`"
);

const CODE_LEN: usize = Code::MAX_LEN;

/// The `code` slot: a code or an option of one.
#[inline]
pub fn code(given: impl OptionalCode) -> Line<CODE_LEN> {
    given.code().map_or(Line::EMPTY, code_text)
}

/// The same of a record: a call without a trait to resolve is checked faster.
#[inline]
pub fn record_code(end: &Disconnect) -> Line<CODE_LEN> {
    end.code().map_or(Line::EMPTY, code_text)
}

fn code_text(code: Code) -> Line<CODE_LEN> {
    Line::new(format_args!("{code}"))
}

/// What the `detail` slot takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text",
    label = "expected text, or an option of it",
    note = "to log any other value, write `detail = %value` for its `Display` or `detail = ?value` for its `Debug`"
)]
pub trait OptionalText {
    /// Adds the text to an empty line.
    fn write(&self, line: &mut Line);
}

impl OptionalText for str {
    fn write(&self, line: &mut Line) {
        // A full line is no error: the text is cut.
        let _ = fmt::Write::write_str(line, self);
    }
}

impl OptionalText for fmt::Arguments<'_> {
    fn write(&self, line: &mut Line) {
        let _ = fmt::Write::write_fmt(line, *self);
    }
}

impl OptionalText for Detail {
    fn write(&self, line: &mut Line) {
        self.as_str().write(line);
    }
}

#[cfg(feature = "std")]
impl OptionalText for String {
    fn write(&self, line: &mut Line) {
        self.as_str().write(line);
    }
}

#[cfg(feature = "std")]
impl<T: OptionalText + ?Sized> OptionalText for Box<T> {
    fn write(&self, line: &mut Line) {
        (**self).write(line);
    }
}

#[cfg(feature = "std")]
impl OptionalText for Cow<'_, str> {
    fn write(&self, line: &mut Line) {
        (**self).write(line);
    }
}

impl<T: OptionalText + ?Sized> OptionalText for &T {
    fn write(&self, line: &mut Line) {
        (**self).write(line);
    }
}

impl<T: OptionalText> OptionalText for Option<T> {
    fn write(&self, line: &mut Line) {
        if let Some(text) = self {
            text.write(line);
        }
    }
}

/// The `detail` slot.
pub fn detail<T: OptionalText + ?Sized>(given: &T) -> Line {
    let mut line = Line::EMPTY;
    given.write(&mut line);
    line
}

/// What `field(T = value)` takes.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a `{T}`", label = "expected a `{T}`, or an option of one")]
pub trait OptionalCategory<T> {
    /// The category, if there is one.
    fn category(self) -> Option<T>;
}

// Without a bound: a type that is no category is told so once, where the row is looked up.
impl<T> OptionalCategory<T> for T {
    fn category(self) -> Option<T> {
        Some(self)
    }
}

impl<T> OptionalCategory<T> for Option<T> {
    fn category(self) -> Option<T> {
        self
    }
}

/// The category in `field(T = value)`, if there is one.
pub fn given<T>(given: impl OptionalCategory<T>) -> Option<T> {
    given.category()
}

/// What a field of one's own takes without `%` and `?`: whatever tracing does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of a log field",
    label = "expected a number, a `bool`, text, or an option of one",
    note = "a category is given by its slot, or as `field(Type = value)` where its key is its own",
    note = "anything else is given by its `Display` or `Debug`: `name = %value`, `name = ?value`"
)]
pub trait OwnValue {
    /// The value.
    fn as_value(&self) -> &dyn tracing::Value;
}

#[diagnostic::do_not_recommend]
impl<T: tracing::Value> OwnValue for T {
    fn as_value(&self) -> &dyn tracing::Value {
        self
    }
}

/// A field of one's own. Returned as a trait object so that an error about its type is told once.
pub fn own_value<T: OwnValue>(value: &T) -> &dyn tracing::Value {
    value.as_value()
}

/// What `group(option => ...)` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an option",
    label = "expected an `Option`, also of a reference",
    note = "the fields of a value that is always there are fields of their own: `id = value.id`"
)]
pub trait OptionalGroup<T> {
    /// The value, if there is one.
    fn value(&self) -> Option<&T>;
}

impl<T> OptionalGroup<T> for Option<T> {
    fn value(&self) -> Option<&T> {
        self.as_ref()
    }
}

impl<T, G: OptionalGroup<T> + ?Sized> OptionalGroup<T> for &G {
    fn value(&self) -> Option<&T> {
        (**self).value()
    }
}

/// The optional value in `group(option => ...)`.
pub fn group<T, G: OptionalGroup<T>>(option: &G) -> Option<&T> {
    option.value()
}

/// The logged value of a row.
pub fn value(category: Option<&'static Category>) -> Option<&'static str> {
    category.map(|category| category.value)
}

/// The expected flag of a row, where its set has one.
pub fn expected_flag(category: Option<&'static Category>) -> Option<bool> {
    category?.expected
}

/// Holds a key that only the compiler knows against the keys of the event.
pub const fn own_key(key: &str) {
    assert!(!same(key, keys::MESSAGE), "the message is the literal at the end");
    let mut i = 0;
    while i < keys::ALL.len() {
        assert!(!same(key, keys::ALL[i]), "this key is written by the disconnect event itself: use its slot");
        i += 1;
    }
}

/// An end that came after the line of its connection, and would have explained it better. Under keys of its own, so that
/// nobody counts it as a second end.
#[cfg(feature = "std")]
pub(crate) fn late(end: &Disconnect) {
    tracing::event!(
        name: "disconnect_late",
        tracing::Level::DEBUG,
        late_reason = end.reason().value,
        late_initiator = value(end.initiator()),
        late_cause = value(end.cause()),
        late_code = record_code(end).as_str(),
        late_detail = end.detail(),
        "an end came after the line of its connection, and would have explained it better"
    );
}
