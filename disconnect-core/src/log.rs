//! `Disconnect::log`: writes the line through the crate `log`.

use core::fmt;
use core::panic::Location;

use ::log::kv::{Error, Key, Source, Value, VisitSource};
use ::log::{Level, Metadata, Record};

use crate::category::{Category, Line, keys};
use crate::record::Disconnect;

/// The default target of the line.
const TARGET: &str = "disconnect";

impl Disconnect {
    /// Writes the line for the end of a connection through the crate `log`.
    ///
    /// Use it in a program without `tracing`. With `tracing`, use [`disconnected!`](crate::disconnected).
    ///
    /// The keys and values are those of [`disconnected!`](crate::disconnected), as structured fields (`log::kv`).
    /// `disconnect_expected` is a `bool`, the others are texts. Absent values have no field. Your logger has to print
    /// structured fields. For `env_logger`, enable its feature `kv`.
    ///
    /// The level is `WARN` if [`should_warn`](Self::should_warn) is true, and `INFO` otherwise. The target is
    /// `disconnect`, so `RUST_LOG=disconnect=info` enables these lines alone. If the level is disabled, nothing is
    /// formatted.
    ///
    /// ```
    /// use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// # static LINES: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    /// # struct Kept;
    /// # impl log::Log for Kept {
    /// #     fn enabled(&self, _: &log::Metadata) -> bool { true }
    /// #     fn log(&self, record: &log::Record) {
    /// #         let reason = record.key_values().get("disconnect_reason".into()).map(|value| value.to_string());
    /// #         let peer = record.key_values().get("peer_id".into()).map(|value| value.to_string());
    /// #         LINES.lock().unwrap().push(format!("{} {} {reason:?} {peer:?}", record.level(), record.args()));
    /// #     }
    /// #     fn flush(&self) {}
    /// # }
    /// # log::set_logger(&Kept).unwrap();
    /// # log::set_max_level(log::LevelFilter::Info);
    /// let peer_id = 7;
    /// let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
    ///     end.log(format_args!("session of {peer_id} closed"));
    /// });
    /// guard.set(END.closed_by_peer());
    /// drop(guard);
    /// # assert_eq!(*LINES.lock().unwrap(), [r#"INFO session of 7 closed Some("client_closed") None"#]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn log(&self, message: fmt::Arguments<'_>) {
        self.log_with(TARGET, &None::<(&str, &str)>, message);
    }

    /// Writes the line with a target and fields of your own.
    ///
    /// `fields` is any `log::kv::Source`, such as an array of keys and values. Log a category of your own with
    /// [`field()`](crate::DisconnectField::field). Your fields follow those of the record. A field with a key of the
    /// record is left out, so that no key occurs twice.
    ///
    /// ```
    /// use disconnect_core::Endpoint;
    /// use log::kv::ToValue;
    ///
    /// # static PEERS: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    /// # struct Kept;
    /// # impl log::Log for Kept {
    /// #     fn enabled(&self, _: &log::Metadata) -> bool { true }
    /// #     fn log(&self, record: &log::Record) {
    /// #         let peer = record.key_values().get("peer_id".into()).and_then(|value| value.to_u64());
    /// #         PEERS.lock().unwrap().push(format!("{} {peer:?}", record.target()));
    /// #     }
    /// #     fn flush(&self) {}
    /// # }
    /// # log::set_logger(&Kept).unwrap();
    /// # log::set_max_level(log::LevelFilter::Info);
    /// let (peer_id, relay) = (7_u64, "fra");
    /// let end = Endpoint::AGENT_FACING_SERVER.eof();
    /// end.log_with(
    ///     module_path!(),
    ///     &[("peer_id", peer_id.to_value()), ("relay", relay.to_value())],
    ///     format_args!("disconnected from coordination RPC"),
    /// );
    /// # assert_eq!(*PEERS.lock().unwrap(), [format!("{} Some(7)", module_path!())]);
    /// ```
    #[inline]
    #[track_caller]
    pub fn log_with(&self, target: &str, fields: &dyn Source, message: fmt::Arguments<'_>) {
        let max_level = ::log::max_level().min(::log::STATIC_MAX_LEVEL);
        // Computes the level of the record only if one of the two levels is enabled.
        if Level::Warn <= max_level && self.log_level() <= max_level {
            self.write_log(target, fields, message, Location::caller());
        }
    }

    #[inline]
    fn log_level(&self) -> Level {
        if self.should_warn() { Level::Warn } else { Level::Info }
    }

    /// Kept out of line so that a disabled level costs a comparison.
    #[inline(never)]
    fn write_log(
        &self,
        target: &str,
        fields: &dyn Source,
        message: fmt::Arguments<'_>,
        location: &'static Location<'_>,
    ) {
        let metadata = Metadata::builder().level(self.log_level()).target(target).build();
        let logger = ::log::logger();
        if !logger.enabled(&metadata) {
            return;
        }
        let code = self.code().map_or(Line::EMPTY, |code| <Line>::new(format_args!("{code}")));
        logger.log(
            &Record::builder()
                .metadata(metadata)
                .args(message)
                .file_static(Some(location.file()))
                .line(Some(location.line()))
                .key_values(&Fields { end: self, code: code.as_str(), own: fields })
                .build(),
        );
    }
}

/// The fields of one line. `code` is the formatted code.
struct Fields<'a> {
    end: &'a Disconnect,
    code: Option<&'a str>,
    own: &'a dyn Source,
}

impl Source for Fields<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        let Self { end, code, own } = self;
        let text = |category: Option<&'static Category>| category.map(|category| Value::from(category.value));
        for (key, value) in [
            (keys::DIRECTION, text(end.direction())),
            (keys::REASON, text(Some(end.reason()))),
            (keys::EXPECTED, Some(Value::from(end.expected()))),
            (keys::INITIATOR, text(end.initiator())),
            (keys::METHOD, text(end.method())),
            (keys::CAUSE, text(end.cause())),
            (keys::CODE, code.map(Value::from)),
            (keys::DETAIL, end.detail().map(Value::from)),
        ] {
            if let Some(value) = value {
                visitor.visit_pair(Key::from_str(key), value)?;
            }
        }
        own.visit(&mut Own(visitor))
    }
}

/// Leaves out the user's fields with a key of the record.
struct Own<'a, 'kvs>(&'a mut dyn VisitSource<'kvs>);

impl<'kvs> VisitSource<'kvs> for Own<'_, 'kvs> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        if keys::ALL.contains(&key.as_str()) { Ok(()) } else { self.0.visit_pair(key, value) }
    }
}
