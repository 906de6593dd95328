//! One logged line, as a log pipeline gets it.

use disconnect_core::{DisconnectField, DisconnectReason, Recorded};
use serde_json::{Map, Value};

/// One JSON object of a log, and the process that wrote it.
#[derive(Clone, Debug)]
pub struct Line {
    process: &'static str,
    fields: Map<String, Value>,
}

impl Line {
    /// What is no JSON object is kept as a message: it has to be seen.
    pub(crate) fn parse(process: &'static str, bytes: &[u8]) -> Self {
        let fields = serde_json::from_slice(bytes).unwrap_or_else(|_| {
            let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
            Map::from_iter([("message".to_owned(), Value::String(text))])
        });
        Self { process, fields }
    }

    /// The name of the process that wrote the line.
    pub fn process(&self) -> &'static str {
        self.process
    }

    /// A field as text; one that is absent reads as empty.
    pub fn text(&self, field: &str) -> String {
        match self.fields.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// The message; empty where there is none.
    pub fn message(&self) -> &str {
        self.fields.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The level, in upper case; empty where there is none.
    pub fn level(&self) -> &str {
        self.fields.get("level").and_then(Value::as_str).unwrap_or_default()
    }

    /// Why a connection ended, where the line says so.
    pub fn reason(&self) -> Option<Recorded<DisconnectReason>> {
        self.category()
    }

    /// A category, where the line has one of this kind.
    pub(crate) fn category<T: DisconnectField>(&self) -> Option<Recorded<T>> {
        Some(self.fields.get(T::FIELD)?.as_str().unwrap_or_default().into())
    }

    /// The fields, in the order of their names.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The line for a log pipeline, with more fields in front.
    pub fn to_json(&self, more: &[(&str, &str)]) -> String {
        let more = more.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
        Value::Object(self.fields.clone().into_iter().chain(more).collect()).to_string()
    }
}
