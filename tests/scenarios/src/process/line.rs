//! One logged line, as a log pipeline receives it.

use disconnect_core::{DisconnectField, DisconnectReason, Recorded};
use serde_json::{Map, Value};

/// One JSON object of a log, and the process that wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    process: &'static str,
    /// The number of the process among those with the same name.
    instance: u32,
    fields: Map<String, Value>,
}

impl Line {
    /// A text that is no JSON object becomes a message, so that it is reported.
    pub(crate) fn parse(process: &'static str, instance: u32, bytes: &[u8]) -> Self {
        let fields = serde_json::from_slice(bytes).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
            Map::from_iter([("message".to_owned(), Value::String(text))])
        });
        Self { process, instance, fields }
    }

    /// The name of the process that wrote the line.
    pub(crate) fn process(&self) -> &'static str {
        self.process
    }

    /// The number of the process among those with the same name.
    pub(crate) fn instance(&self) -> u32 {
        self.instance
    }

    /// The same line with another value of a field.
    pub(crate) fn with(&self, field: &str, value: &str) -> Self {
        let mut line = self.clone();
        line.fields.insert(field.to_owned(), Value::from(value));
        line
    }

    /// Returns a field as text, or the empty text if it is absent.
    pub(crate) fn text(&self, field: &str) -> String {
        match self.fields.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// Returns the message, or the empty text.
    pub(crate) fn message(&self) -> &str {
        self.fields.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the level in upper case, or the empty text.
    pub(crate) fn level(&self) -> &str {
        self.fields.get("level").and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the reason, if the line has one.
    pub(crate) fn reason(&self) -> Option<Recorded<DisconnectReason>> {
        self.category()
    }

    /// Returns a category, if the line has one of this set.
    pub(crate) fn category<T: DisconnectField>(&self) -> Option<Recorded<T>> {
        Some(self.fields.get(T::FIELD)?.as_str().unwrap_or_default().into())
    }

    /// The fields, sorted by name.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The line for a log pipeline, with additional fields at its start.
    pub(crate) fn to_json(&self, more: &[(&str, &str)]) -> String {
        let more = more.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
        Value::Object(self.fields.clone().into_iter().chain(more).collect()).to_string()
    }
}
