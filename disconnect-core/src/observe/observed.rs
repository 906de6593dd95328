//! [`Observed`]: one disconnect event as it was logged, and its inconsistencies.

use std::boxed::Box;
use std::fmt::{self, Write};
use std::string::String;
use std::vec::Vec;

use tracing::Level;

use crate::category::{Category, DisconnectField, Line, Recorded, keys};
use crate::vocabulary::{
    ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectInitiator, DisconnectReason,
};

/// One disconnect event as it was logged, by this library or by any other code.
///
/// An unknown value is kept unchanged, and a value of the wrong type is kept as text;
/// [`inconsistencies`](Self::inconsistencies) reports both. A value is cut at [`Observed::MAX_LEN`] bytes, which is
/// also reported. A text that [`Detail`](crate::Detail) cut before it was logged is not reported.
///
/// ```
/// use disconnect_core::{DisconnectLayer, Observed};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let layer = DisconnectLayer::new(|end: &Observed| {
///     assert_eq!(end.reason().as_str(), "graceful");
///     assert!(!end.expected() && !end.is_consistent());
/// });
/// tracing::subscriber::with_default(tracing_subscriber::registry().with(layer.layer()), || {
///     tracing::info!(disconnect_reason = "graceful", disconnect_expected = false, "contradicts itself");
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Observed {
    pub(super) reason: Recorded<DisconnectReason>,
    pub(super) logged_expected: Option<bool>,
    pub(super) is_expected: bool,
    pub(super) denies_expected: bool,
    pub(super) initiator: Option<Recorded<DisconnectInitiator>>,
    pub(super) direction: Option<Recorded<ConnectionDirection>>,
    pub(super) method: Option<Recorded<ConnectionMethod>>,
    pub(super) cause: Option<Recorded<DisconnectCause>>,
    pub(super) code: Option<Box<str>>,
    pub(super) detail: Option<Box<str>>,
    pub(super) message: Option<Box<str>>,
    pub(super) fields: Vec<(&'static str, Box<str>)>,
    pub(super) target: &'static str,
    pub(super) level: Level,
    pub(super) inconsistencies: Vec<Inconsistency>,
}

impl Observed {
    /// The maximum length of one value in bytes.
    pub const MAX_LEN: usize = 1024;

    /// Returns the reason.
    pub fn reason(&self) -> &Recorded<DisconnectReason> {
        &self.reason
    }

    /// Returns the reason as a category of your own set.
    pub fn reason_as<T: DisconnectField>(&self) -> Option<T> {
        T::parse(self.reason.as_str())
    }

    /// Whether this end is part of normal operation: the reason is an expected category of this crate or of a
    /// [registered](crate::DisconnectLayer::register) enum, and the event does not contradict that.
    ///
    /// `false` if `disconnect_reason` or `disconnect_expected` occurs twice or has the wrong type. `false` also for an
    /// unregistered reason, whatever the event claims.
    pub fn expected(&self) -> bool {
        self.is_expected
    }

    /// Whether the event says that the end is unexpected, or its statement is ambiguous.
    pub(super) fn denies_expected(&self) -> bool {
        self.denies_expected
    }

    /// Returns the logged `disconnect_expected`, which may be wrong. Use [`expected`](Self::expected) for decisions.
    pub fn logged_expected(&self) -> Option<bool> {
        self.logged_expected
    }

    /// Returns the initiator, if the event has one.
    pub fn initiator(&self) -> Option<&Recorded<DisconnectInitiator>> {
        self.initiator.as_ref()
    }

    /// Returns the initiator as a category of your own set.
    pub fn initiator_as<T: DisconnectField>(&self) -> Option<T> {
        T::parse(self.initiator.as_ref()?.as_str())
    }

    /// Returns the direction, if the event has one.
    pub fn direction(&self) -> Option<&Recorded<ConnectionDirection>> {
        self.direction.as_ref()
    }

    /// Returns the direction as a category of your own set.
    pub fn direction_as<T: DisconnectField>(&self) -> Option<T> {
        T::parse(self.direction.as_ref()?.as_str())
    }

    /// Returns the method, if the event has one.
    pub fn method(&self) -> Option<&Recorded<ConnectionMethod>> {
        self.method.as_ref()
    }

    /// Returns the method as a category of your own set.
    pub fn method_as<T: DisconnectField>(&self) -> Option<T> {
        T::parse(self.method.as_ref()?.as_str())
    }

    /// Returns the cause, if the event has one.
    pub fn cause(&self) -> Option<&Recorded<DisconnectCause>> {
        self.cause.as_ref()
    }

    /// Returns the cause as a category of your own set.
    pub fn cause_as<T: DisconnectField>(&self) -> Option<T> {
        T::parse(self.cause.as_ref()?.as_str())
    }

    /// Returns the protocol code as logged, such as `websocket.1001`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Returns the free text, as one clean line.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Returns the message of the event, as one clean line.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the value of a requested field: that of the event, or of the innermost span that has the field. Request
    /// fields with [`DisconnectLayer::fields`](crate::DisconnectLayer::fields).
    ///
    /// The value is not cleaned.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
    }

    /// Returns the target of the event: by default the path of the module that logged it.
    pub fn target(&self) -> &'static str {
        self.target
    }

    /// Returns the level of the event.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns everything that is wrong with the event.
    pub fn inconsistencies(&self) -> &[Inconsistency] {
        &self.inconsistencies
    }

    /// Whether the event has no inconsistency. An unknown category alone is not counted, because it may belong to an
    /// enum that is not registered. An unknown reason that claims to be expected is.
    pub fn is_consistent(&self) -> bool {
        self.inconsistencies.iter().all(|inconsistency| matches!(inconsistency, Inconsistency::UnknownValue(_)))
    }
}

/// Writes one line: the message, the fields and the inconsistencies.
impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: reason={}", self.level, self.message().unwrap_or_default(), self.reason)?;
        if let Some(expected) = self.logged_expected {
            write!(f, " expected={expected}")?;
        }
        let axes: [(&str, Option<&dyn fmt::Display>); 6] = [
            ("initiator", self.initiator.as_ref().map(|value| value as _)),
            ("direction", self.direction.as_ref().map(|value| value as _)),
            ("method", self.method.as_ref().map(|value| value as _)),
            ("cause", self.cause.as_ref().map(|value| value as _)),
            ("code", self.code.as_ref().map(|value| value as _)),
            ("detail", self.detail.as_ref().map(|value| value as _)),
        ];
        for (name, value) in axes {
            if let Some(value) = value {
                write!(f, " {name}={value}")?;
            }
        }
        for inconsistency in &self.inconsistencies {
            write!(f, " [{inconsistency}]")?;
        }
        Ok(())
    }
}

/// Something that is wrong with a disconnect event. The `&str` is the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inconsistency {
    /// The value is not a string, or not a boolean for `disconnect_expected`. It is kept as text.
    WrongType(&'static str),
    /// The value is no category of this crate or of a registered enum.
    UnknownValue(&'static str),
    /// The value exceeds [`Observed::MAX_LEN`], as logged or after cleaning.
    Cut(&'static str),
    /// The key occurs more than once. The last value is kept.
    Repeated(&'static str),
    /// The event has a reason but no `disconnect_expected`.
    ExpectedMissing,
    /// `disconnect_expected` differs from the expected flag of the reason.
    ExpectedContradicts,
    /// `disconnect_expected` is true, but the reason is no category of this crate or of a registered enum, so the claim
    /// cannot be verified. Register the enum with [`DisconnectLayer::register`](crate::DisconnectLayer::register).
    ExpectedUnregistered,
    /// The reason is `client_closed`, but the initiator is not the client.
    ClosedByAnother,
    /// The end is expected, but the initiator is the network.
    ExpectedOfNetwork,
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongType(key) => write!(f, "{key} has the wrong type"),
            Self::UnknownValue(key) => write!(f, "{key} is no known category"),
            Self::Cut(key) => write!(f, "{key} is too long"),
            Self::Repeated(key) => write!(f, "{key} occurs more than once"),
            Self::ExpectedMissing => f.write_str("disconnect_expected is missing"),
            Self::ExpectedContradicts => f.write_str("disconnect_expected contradicts the reason"),
            Self::ExpectedUnregistered => f.write_str("disconnect_expected is claimed by an unknown reason"),
            Self::ClosedByAnother => f.write_str("client_closed, but not by a client"),
            Self::ExpectedOfNetwork => f.write_str("expected, although the network caused it"),
        }
    }
}

/// The registered categories: `(key, lookup)`.
#[derive(Clone, Debug, Default)]
pub(super) struct Registered(Vec<(&'static str, FindRow)>);

type FindRow = fn(&str) -> Option<&'static Category>;

impl Registered {
    pub(super) fn add<T: DisconnectField>(&mut self) {
        self.0.push((T::FIELD, |value| T::parse(value).map(T::category)));
    }

    fn find(&self, key: &str, value: &str) -> Option<&'static Category> {
        self.0.iter().filter(|(field, _)| *field == key).find_map(|(_, lookup)| lookup(value))
    }
}

/// The values of one event as they were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) reason: Option<String>,
    pub(super) expected: Option<bool>,
    pub(super) initiator: Option<String>,
    pub(super) direction: Option<String>,
    pub(super) method: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) message: Option<String>,
    pub(super) fields: Vec<(&'static str, Box<str>)>,
    pub(super) inconsistencies: Vec<Inconsistency>,
}

impl Raw {
    /// Checks the values; `None` if the event has no reason.
    pub(super) fn judge(self, registered: &Registered, metadata: &tracing::Metadata<'static>) -> Option<Observed> {
        let Self { mut inconsistencies, fields, .. } = self;
        let reason = axis::<DisconnectReason>(self.reason, registered, &mut inconsistencies)?;
        let initiator = axis::<DisconnectInitiator>(self.initiator, registered, &mut inconsistencies);
        let meant = registered
            .find(DisconnectReason::FIELD, reason.as_str())
            .or_else(|| reason.known().map(DisconnectReason::category))
            .map(Category::is_expected);
        match (meant, self.expected) {
            // A value of the wrong type is present and already reported.
            (_, None) if inconsistencies.contains(&Inconsistency::WrongType(DisconnectReason::EXPECTED_FIELD)) => {}
            (_, None) => inconsistencies.push(Inconsistency::ExpectedMissing),
            (Some(meant), Some(logged)) if meant != logged => inconsistencies.push(Inconsistency::ExpectedContradicts),
            (None, Some(true)) => inconsistencies.push(Inconsistency::ExpectedUnregistered),
            (_, Some(_)) => {}
        }
        let by = |initiator: &Recorded<DisconnectInitiator>| initiator.known();
        let by = initiator.as_ref().and_then(by);
        let claims_normal = meant == Some(true) || self.expected == Some(true);
        if claims_normal && by == Some(DisconnectInitiator::Network) {
            inconsistencies.push(Inconsistency::ExpectedOfNetwork);
        }
        let by_another = match by {
            Some(DisconnectInitiator::Agent | DisconnectInitiator::Server | DisconnectInitiator::Network) => true,
            Some(DisconnectInitiator::Client | DisconnectInitiator::Unknown) | None => false,
        };
        if reason.known() == Some(DisconnectReason::ClientClosed) && by_another {
            inconsistencies.push(Inconsistency::ClosedByAnother);
        }
        let in_doubt = [DisconnectReason::FIELD, DisconnectReason::EXPECTED_FIELD].into_iter().any(|key| {
            inconsistencies.contains(&Inconsistency::WrongType(key))
                || inconsistencies.contains(&Inconsistency::Repeated(key))
        });
        let denies_expected = in_doubt || self.expected == Some(false);
        Some(Observed {
            is_expected: meant == Some(true) && !denies_expected,
            denies_expected,
            logged_expected: self.expected,
            reason,
            initiator,
            direction: axis(self.direction, registered, &mut inconsistencies),
            method: axis(self.method, registered, &mut inconsistencies),
            cause: axis(self.cause, registered, &mut inconsistencies),
            code: self.code.map(|code| clean(&code, keys::CODE, &mut inconsistencies)),
            detail: self.detail.map(|detail| clean(&detail, keys::DETAIL, &mut inconsistencies)),
            message: self.message.map(|message| one_line(&message).0),
            fields,
            target: metadata.target(),
            level: *metadata.level(),
            inconsistencies,
        })
    }
}

/// Reads one axis. A value of the wrong type is already reported, so it is not compared with the categories.
fn axis<T: DisconnectField>(
    value: Option<String>,
    registered: &Registered,
    inconsistencies: &mut Vec<Inconsistency>,
) -> Option<Recorded<T>> {
    let value = Recorded::<T>::from(value?);
    let is_told = inconsistencies.contains(&Inconsistency::WrongType(T::FIELD));
    if !is_told && !value.valid() && registered.find(T::FIELD, value.as_str()).is_none() {
        inconsistencies.push(Inconsistency::UnknownValue(T::FIELD));
    }
    Some(value)
}

/// Cleans a text to one line. Cleaning can make the text longer.
fn clean(text: &str, key: &'static str, inconsistencies: &mut Vec<Inconsistency>) -> Box<str> {
    let (line, is_cut) = one_line(text);
    if is_cut && !inconsistencies.contains(&Inconsistency::Cut(key)) {
        inconsistencies.push(Inconsistency::Cut(key));
    }
    line
}

fn one_line(text: &str) -> (Box<str>, bool) {
    let mut line = Line::<{ Observed::MAX_LEN }>::EMPTY;
    let is_cut = line.write_str(text).is_err();
    (line.text().into(), is_cut)
}
