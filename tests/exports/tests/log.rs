//! The line through the crate `log`: its fields and their types, its level, its target, and what it evaluates.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use allocation_counter::measure;
use disconnect_core::{
    Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectField, DisconnectGuard,
    DisconnectInitiator, DisconnectReason, Endpoint, disconnected,
};
use log::kv::{self, Key, ToValue, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// A field with its type.
type Typed = (String, String);

/// What one thread has logged.
struct Line {
    level: Level,
    target: String,
    file: &'static str,
    fields: Vec<Typed>,
}

thread_local! {
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps each line, and hands it on to `env_logger`.
struct Kept(env_logger::Logger);

impl Log for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let mut fields = Fields(Vec::new());
        record.key_values().visit(&mut fields).unwrap();
        let line = Line {
            level: record.level(),
            target: record.target().to_owned(),
            file: record.file_static().unwrap(),
            fields: fields.0,
        };
        LINES.with_borrow_mut(|lines| lines.push(line));
        self.0.log(record);
    }

    fn flush(&self) {}
}

struct Fields(Vec<Typed>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let typed = match (value.to_bool(), value.to_u64(), value.to_borrowed_str()) {
            (Some(flag), None, None) => format!("bool {flag}"),
            (None, Some(number), None) => format!("u64 {number}"),
            (None, None, Some(text)) => format!("str {text}"),
            other => panic!("{key}: {other:?}"),
        };
        self.0.push((key.to_string(), typed));
        Ok(())
    }
}

/// The output of `env_logger`.
struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.with_borrow_mut(|text| text.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The logger is the process's: one test at a time.
fn logger(max: LevelFilter) -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    static LOGGER: OnceLock<Kept> = OnceLock::new();
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let logger = LOGGER.get_or_init(|| {
        let mut builder = env_logger::Builder::new();
        builder
            .parse_filters("info,quiet=off")
            .target(env_logger::Target::Pipe(Box::new(Output)))
            .format_timestamp(None);
        Kept(builder.build())
    });
    _ = log::set_logger(logger);
    log::set_max_level(max);
    one
}

/// The lines of this closure, and what `env_logger` wrote.
fn logged(work: impl FnOnce()) -> (Vec<Line>, String) {
    let _one = logger(LevelFilter::Trace);
    work();
    (LINES.take(), String::from_utf8(TEXT.take()).unwrap())
}

fn one(work: impl FnOnce()) -> Line {
    let (mut lines, _) = logged(work);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

fn full() -> Disconnect {
    Disconnect::new(DisconnectReason::ServerShutdown)
        .with_initiator(DisconnectInitiator::Agent)
        .with_direction(ConnectionDirection::ServerToAgent)
        .with_method(ConnectionMethod::Derp)
        .with_cause(DisconnectCause::Restart)
        .with_code(Code::websocket(1012))
        .with_detail("agent is restarting")
}

/// The fields that the tracing event of this end has, without its message.
fn fields_of_event(end: &Disconnect) -> Vec<Typed> {
    thread_local!(static FIELDS: RefCell<Vec<Typed>> = const { RefCell::new(Vec::new()) });
    struct Visited;

    impl Visit for Visited {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            assert_eq!(field.name(), "message", "{value:?}");
        }

        fn record_bool(&mut self, field: &Field, value: bool) {
            FIELDS.with_borrow_mut(|fields| fields.push((field.name().to_owned(), format!("bool {value}"))));
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            FIELDS.with_borrow_mut(|fields| fields.push((field.name().to_owned(), format!("str {value}"))));
        }

        fn record_u64(&mut self, field: &Field, value: u64) {
            FIELDS.with_borrow_mut(|fields| fields.push((field.name().to_owned(), format!("u64 {value}"))));
        }
    }

    struct Visiting;
    impl<S: tracing::Subscriber> Layer<S> for Visiting {
        fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
            event.record(&mut Visited);
        }
    }

    tracing::subscriber::with_default(tracing_subscriber::registry().with(Visiting), || disconnected!(end, "gone"));
    FIELDS.take()
}

#[test]
fn the_line_has_the_fields_of_the_event_in_its_order_and_types() {
    let ends = [
        full(),
        END.eof(),
        END.closed_by_peer(),
        END.received(Code::websocket(4999)).with_detail("x\ny"),
        Disconnect::new(DisconnectReason::Unknown),
        END.ended(DisconnectReason::Unknown, disconnect_core::Side::Unknown),
    ];
    for end in ends {
        let line = one(|| end.log(format_args!("gone")));
        assert_eq!(line.fields, fields_of_event(&end));
    }
    let line = one(|| full().log(format_args!("gone")));
    assert_eq!(line.fields.len(), 8);
    assert_eq!(line.fields[2], ("disconnect_expected".to_owned(), "bool true".to_owned()));
    assert_eq!(line.fields[6], ("disconnect_code".to_owned(), "str websocket.1012".to_owned()));
}

#[test]
fn the_level_is_that_of_the_event() {
    let unclean = END.shutting_down().with_cause(DisconnectCause::Deadline);
    for (end, level) in [(END.shutting_down(), Level::Info), (unclean, Level::Warn), (END.eof(), Level::Warn)] {
        let line = one(|| end.log(format_args!("gone")));
        assert_eq!((line.level, line.target.as_str(), line.file), (level, "disconnect", file!()));
    }
}

#[test]
fn env_logger_prints_every_key() {
    let (_, text) = logged(|| {
        full().log(format_args!("gone after {} s", 7));
        END.eof().log_with("ssh", &[("peer_id", 7)], format_args!("lost"));
    });
    let expected = "\
        [INFO  disconnect] gone after 7 s connect_type=server_to_agent disconnect_reason=server_shutdown \
        disconnect_expected=true disconnect_initiator=agent connection_method=derp disconnect_cause=restart \
        disconnect_code=websocket.1012 disconnect_detail=agent is restarting\n\
        [WARN  ssh] lost connect_type=client_to_server disconnect_reason=network_error disconnect_expected=false \
        disconnect_initiator=network disconnect_cause=unclean_eof peer_id=7\n";
    assert_eq!(text, expected);
}

/// In which phase of closing it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    Draining,
}

#[test]
fn own_fields_follow_typed_and_cannot_contradict() {
    let end = END.eof();
    let own = [
        ("peer_id", 7_u64.to_value()),
        ("disconnect_expected", true.to_value()),
        ("disconnect_detail", "forged".to_value()),
        ("retry", false.to_value()),
    ];
    let line = one(|| end.log_with("ssh", &own, format_args!("lost")));
    let of_event = fields_of_event(&end);
    let (ours, own) = line.fields.split_at(of_event.len());
    assert_eq!(ours, of_event);
    let own: Vec<_> = own.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(own, [("peer_id", "u64 7"), ("retry", "bool false")]);
    assert_eq!(line.target, "ssh");

    let line = one(|| end.log_with("ssh", &ClosePhase::Draining.field(), format_args!("lost")));
    assert_eq!(*line.fields.last().unwrap(), ("close_phase".to_owned(), "str draining".to_owned()));
}

/// Text and fields that notice when somebody looks.
struct Noticing<'a>(&'a Cell<u32>);

impl fmt::Display for Noticing<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

impl kv::Source for Noticing<'_> {
    fn visit<'kvs>(&'kvs self, _: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        self.0.set(self.0.get() + 1);
        Ok(())
    }
}

#[test]
fn a_line_that_is_off_evaluates_and_allocates_nothing() {
    let looks = Cell::new(0);
    let noticing = Noticing(&looks);
    let (good, bad) = (END.shutting_down(), END.eof().with_detail("text").with_code(Code::tls(0)));
    for (max, target, end) in [
        (LevelFilter::Off, "ssh", &bad),
        (LevelFilter::Warn, "ssh", &good),
        // `RUST_LOG=quiet=off`.
        (LevelFilter::Trace, "quiet", &bad),
    ] {
        let one = logger(max);
        let counted = measure(|| end.log_with(target, &noticing, format_args!("{noticing}")));
        drop(one);
        assert_eq!((counted.count_total, looks.get(), LINES.take().len()), (0, 0, 0), "{max} {target}");
    }
    let one = logger(LevelFilter::Warn);
    bad.log_with("ssh", &noticing, format_args!("{noticing}"));
    drop(one);
    assert!(looks.get() > 0, "a line that is on is seen");
    LINES.take();
    TEXT.take();
}

#[test]
fn a_guard_writes_through_it() {
    let line = one(|| drop(DisconnectGuard::new(END, |end: &Disconnect| end.log(format_args!("closed")))));
    let reason = ("disconnect_reason".to_owned(), "str unknown".to_owned());
    assert!(line.fields.contains(&reason), "{:?}", line.fields);
}
