//! `disconnected!` with the functions it expands to, and `record_on`: the only file that emits tracing events.

use core::fmt;

use crate::category::{Category, DisconnectField, Line, keys, same, slot};
use crate::code::{Code, OptionalCode};
use crate::record::{Detail, Disconnect};

#[cfg(feature = "std")]
use std::{borrow::Cow, boxed::Box, string::String};

/// Writes the line for the end of a connection: one `tracing` event with the end reason and its attribution.
///
/// Call it once for each connection, usually in the closure of a [`DisconnectGuard`](crate::DisconnectGuard). Use
/// [`Disconnect::record_on`] to put the same fields on a span, and `Disconnect::log` (feature `log`) in a program
/// without `tracing`.
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
/// The first item is a [`Disconnect`] or a reference to one. Your own fields follow, in every form that tracing takes:
/// `name = value`, `%name`, `?name`, `a.b = value`, `"quoted" = value`, `{ CONST } = value`. For a category enum with
/// its own key, write `field(Type = value)`, see below.
///
/// # From an optional value
///
/// `group(option => a, b = path)` adds fields of an optional value. If the option is `None`, the fields are absent.
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
/// The option is an `Option<T>`, an `Option<&T>` or a reference to one. It is evaluated once. Each item names a field
/// of the value, or a method call, such as `name = id()`. `%` and `?` work as in other fields: `%addr`, `peer = ?addr`.
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
/// | `detail` | text, `format_args!`, `%display`, `?debug`, or an option; an empty text is absent | `disconnect_detail` |
/// | `field(Type = value)` | a category enum with its own key, or an option | its key, and its expected flag if it has one |
///
/// Slots work in generic code. `field(Type = value)` needs a concrete type, because the call site is a static.
///
/// # Name, level, target, parent
///
/// The event has the name `disconnect`. `level: DEBUG`, `target: "..."` and `parent: &span` come first, before the
/// record or the slots.
///
/// Without a level, an expected end is logged at `INFO` and an unexpected end at `WARN`. A record for which
/// [`should_warn`](Disconnect::should_warn) is true is also logged at `WARN`. `level: DEBUG | WARN` replaces these two
/// levels, and `level: DEBUG` uses one level for both. Two levels make two call sites. One level makes one, and
/// compiles faster.
///
/// # What does not compile
///
/// The macro reports an error for
///
/// - a missing `reason`;
/// - a slot that is misspelt, given twice, or given together with a record;
/// - a field of your own that has the key of a slot. A key that is almost the name of a slot or key counts as misspelt:
///   quote it if it is right, as in `"methods" = 3`;
/// - a string in place of a category, or a category in place of a plain value;
/// - a message that is not one literal at the end.
///
/// # Cost
///
/// If the level is disabled, the macro evaluates only what chooses the level. It records values as `&str` and `bool`,
/// without an allocation, and never through `Display` or `Debug`.
#[macro_export]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
macro_rules! disconnected {
    ($($event:tt)*) => {
        $crate::__private::disconnected! { $crate; $($event)* }
    };
}

impl Disconnect {
    /// Records the fields of the disconnect event on a span.
    ///
    /// Use it if your tooling reads spans instead of events. The span has to declare the fields. tracing drops
    /// undeclared fields without a warning. Declare these:
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

/// The types of the first item of `disconnected!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Disconnect`",
    label = "expected a record",
    note = "to log a category, write its slot: `disconnected!(reason = ..., \"...\")`"
)]
pub trait Record {
    /// The record.
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

/// The first item of `disconnected!`.
#[inline]
pub fn record<T: Record>(end: &T) -> &Disconnect {
    end.record()
}

/// Whether the line without an explicit level is written at `INFO`.
#[inline]
pub fn is_info(end: &Disconnect) -> bool {
    !end.should_warn()
}

/// The `reason` slot.
#[inline]
pub fn reason(reason: impl slot::Reason) -> &'static Category {
    reason.category()
}

/// Defines a slot that takes a category or an option of one.
macro_rules! optional_slot {
    ($function:ident, $optional:ident, $slot:ident, $message:tt, $label:tt, $note:tt) => {
        #[doc = concat!("The types that the `", stringify!($function), "` slot takes.")]
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
    "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"connect_type\")]`"
);
optional_slot!(
    initiator,
    OptionalInitiator,
    Initiator,
    "`{Self}` is not a disconnect initiator",
    "expected an initiator, such as `DisconnectInitiator::Server`, or an option of one",
    "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_initiator\")]`"
);
optional_slot!(
    method,
    OptionalMethod,
    Method,
    "`{Self}` is not a connection method",
    "expected a method, such as `ConnectionMethod::Direct`, or an option of one",
    "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"connection_method\")]`"
);
optional_slot!(
    cause,
    OptionalCause,
    Cause,
    "`{Self}` is not a disconnect cause",
    "expected a cause, such as `DisconnectCause::Reset`, or an option of one",
    "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`"
);

const CODE_LEN: usize = Code::MAX_LEN;

/// The `code` slot: a code or an option of one.
#[inline]
pub fn code(given: impl OptionalCode) -> Line<CODE_LEN> {
    given.code().map_or(Line::EMPTY, code_text)
}

/// The code of a record. Type checking is faster without a trait.
#[inline]
pub fn record_code(end: &Disconnect) -> Line<CODE_LEN> {
    end.code().map_or(Line::EMPTY, code_text)
}

fn code_text(code: Code) -> Line<CODE_LEN> {
    Line::new(format_args!("{code}"))
}

/// The types that the `detail` slot takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text",
    label = "expected text, or an option of it",
    note = "to log any other value, write `detail = %value` for its `Display` or `detail = ?value` for its `Debug`"
)]
pub trait OptionalText {
    /// Appends the text to the line.
    fn write(&self, line: &mut Line);
}

impl OptionalText for str {
    fn write(&self, line: &mut Line) {
        // If the line is full, the text is cut.
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

/// The types that `field(T = value)` takes.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a `{T}`", label = "expected a `{T}`, or an option of one")]
pub trait OptionalCategory<T> {
    /// The category, if there is one.
    fn category(self) -> Option<T>;
}

// Without a bound, because the lookup of the row already reports a type that is no category.
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

/// The category of `field(T = value)`, if there is one.
pub fn given<T>(given: impl OptionalCategory<T>) -> Option<T> {
    given.category()
}

/// The types that a field without `%` and `?` takes: those of tracing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a log field",
    label = "expected a number, a `bool`, text, or an option of one",
    note = "to log a category, write its slot, or `field(Type = value)` if it has a key of its own",
    note = "to log any other value, write `name = %value` for its `Display` or `name = ?value` for its `Debug`"
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

/// The value of a user's field. Returns a trait object so that the compiler reports a wrong type once.
pub fn own_value<T: OwnValue>(value: &T) -> &dyn tracing::Value {
    value.as_value()
}

/// The types that `group(option => ...)` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an option",
    label = "expected an `Option`, or a reference to one",
    note = "for a value that is always present, write its fields directly: `id = value.id`"
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

/// The optional value of `group(option => ...)`.
pub fn group<T, G: OptionalGroup<T>>(option: &G) -> Option<&T> {
    option.value()
}

/// The logged value of a category.
pub fn value(category: Option<&'static Category>) -> Option<&'static str> {
    category.map(|category| category.value)
}

/// The expected flag of a category, if its set has flags.
pub fn expected_flag(category: Option<&'static Category>) -> Option<bool> {
    category?.expected
}

/// Rejects a `{ CONST }` key that is a key of the event. The macro cannot check it, because it does not know
/// the value of a constant.
pub const fn own_key(key: &str) {
    assert!(!same(key, keys::MESSAGE), "write the message as a string literal at the end");
    let mut i = 0;
    while i < keys::ALL.len() {
        assert!(!same(key, keys::ALL[i]), "the disconnect event writes this key itself; use its slot");
        i += 1;
    }
}

/// Emits the `disconnect_late` event: an end reason that was set after the line was written. It has keys of its own so
/// that it is not counted as a second disconnect.
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
