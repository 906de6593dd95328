//! One logged line, as a log pipeline gets it.

use disconnect_core::{DisconnectField, DisconnectReason, Recorded};
use serde_json::{Map, Value};

/// One JSON object of a log, and the process that wrote it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    process: &'static str,
    /// Which of the processes with this name.
    instance: u32,
    fields: Map<String, Value>,
}

impl Line {
    /// What is no JSON object is kept as a message: it has to be seen.
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

    /// Which of the processes with this name wrote the line.
    pub(crate) fn instance(&self) -> u32 {
        self.instance
    }

    /// The same line with another value of a field.
    pub(crate) fn with(&self, field: &str, value: &str) -> Self {
        let mut line = self.clone();
        line.fields.insert(field.to_owned(), Value::from(value));
        line
    }

    /// A field as text; one that is absent reads as empty.
    pub(crate) fn text(&self, field: &str) -> String {
        match self.fields.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// The message; empty where there is none.
    pub(crate) fn message(&self) -> &str {
        self.fields.get("message").and_then(Value::as_str).unwrap_or_default()
    }

    /// The level, in upper case; empty where there is none.
    pub(crate) fn level(&self) -> &str {
        self.fields.get("level").and_then(Value::as_str).unwrap_or_default()
    }

    /// Why a connection ended, where the line says so.
    pub(crate) fn reason(&self) -> Option<Recorded<DisconnectReason>> {
        self.category()
    }

    /// A category, where the line has one of this kind.
    pub(crate) fn category<T: DisconnectField>(&self) -> Option<Recorded<T>> {
        Some(self.fields.get(T::FIELD)?.as_str().unwrap_or_default().into())
    }

    /// The fields, in the order of their names.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The line for a log pipeline, with more fields in front.
    pub(crate) fn to_json(&self, more: &[(&str, &str)]) -> String {
        let more = more.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
        Value::Object(self.fields.clone().into_iter().chain(more).collect()).to_string()
    }
}
