//! A tracing layer that keeps every disconnect event as logged, by connection.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::{ConnectionDirection, DisconnectCause, DisconnectInitiator, DisconnectReason};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The attribution of one end, as it appears in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// `disconnect_reason`.
    pub(crate) reason: &'a str,
    /// `disconnect_expected`; `None` if the event lacks it.
    pub(crate) expected: Option<bool>,
    /// `disconnect_initiator`.
    pub(crate) initiator: &'a str,
    /// `connect_type`.
    pub(crate) direction: &'a str,
    /// `disconnect_cause`; empty if the event lacks it.
    pub(crate) cause: &'a str,
    /// `disconnect_code`; empty if the event lacks it.
    pub(crate) code: &'a str,
    /// The level of the event.
    pub(crate) level: Level,
}

/// One disconnect event: its level and its fields as text.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

impl Seen {
    /// The attribution of this event. A missing field is empty.
    pub(crate) fn line(&self) -> Line<'_> {
        Line {
            reason: self.text(DisconnectReason::FIELD),
            expected: self.text(DisconnectReason::EXPECTED_FIELD).parse().ok(),
            initiator: self.text(DisconnectInitiator::FIELD),
            direction: self.text(ConnectionDirection::FIELD),
            cause: self.text(DisconnectCause::FIELD),
            code: self.text("disconnect_code"),
            level: self.level,
        }
    }

    /// The id of the connection.
    pub(crate) fn connection(&self) -> Option<u64> {
        self.text("connection_id").parse().ok()
    }

    fn text(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

/// The layer. Its clones share the events.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Watch {
    /// Every disconnect event so far, in logging order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Subscriber> Layer<S> for Watch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.fields().any(|field| field.name() == DisconnectReason::FIELD) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            let seen = Seen { level: *event.metadata().level(), fields: fields.0 };
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        }
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
