//! Operations that do not allocate: everything on the way to a line, and a line without a subscriber.

use std::fmt;
use std::hint::black_box;
use std::io;

use allocation_counter::measure;
use disconnect_core::{
    Category, Classifier, Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause,
    DisconnectInitiator, DisconnectReason, Endpoint, disconnected,
};
use disconnect_tests::{ClosePhase, Thousand};
use tracing::{Event, Metadata, Subscriber, span};

/// Runs the operation once for one-time initialization, and counts the allocations of a second run.
fn assert_free(what: &str, mut run: impl FnMut()) {
    run();
    let counted = measure(&mut run);
    assert_eq!((counted.count_total, counted.bytes_total), (0, 0), "{what} allocates");
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(black_box(Box::new(7_u32))));
    assert_eq!((counted.count_total, counted.bytes_total), (1, 4));
}

#[test]
fn reading_and_writing_a_category_allocate_nothing() {
    assert_free("as_str", || {
        black_box(black_box(DisconnectReason::Graceful).as_str());
        black_box(black_box(Thousand::Category999).field());
    });
    assert_free("parse", || {
        black_box(DisconnectReason::parse(black_box("network_error")));
        black_box(Thousand::parse(black_box("category999")));
        black_box(DisconnectReason::valid(black_box("no such category")));
    });
    assert_free("expected", || {
        black_box(black_box(DisconnectReason::Graceful).expected_field());
    });
    assert_free("a failed FromStr", || {
        black_box(black_box("gracefull").parse::<DisconnectReason>().unwrap_err().nearest());
        let _ = black_box(black_box("no such category").parse::<Thousand>());
    });
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

#[test]
fn a_record_with_a_static_detail_allocates_nothing() {
    assert_free("a record", || {
        let end = black_box(full());
        black_box((end.clone(), end.reason_as::<DisconnectReason>(), end.detail().map(str::len)));
    });
}

/// Every form of the line, with a detail that would need formatting.
fn every_line(end: &Disconnect, why: DisconnectReason, id: u64) {
    disconnected!(end, id, "by expectedness, from a record");
    disconnected!(level: DEBUG, end, id, field(ClosePhase = ClosePhase::Done), "stated, from a record");
    disconnected!(reason = why, code = Code::exit(3), detail = format_args!("session {id}"), id, "by expectedness");
    disconnected!(
        level: ERROR, reason = why, initiator = DisconnectInitiator::Client, cause = DisconnectCause::Reset,
        detail = %id, field(ClosePhase = Some(ClosePhase::Draining)), id, "stated {id}"
    );
}

#[test]
fn a_line_without_a_subscriber_allocates_nothing() {
    let end = full();
    assert_free("a disabled line", || every_line(black_box(&end), DisconnectReason::Graceful, 7));
}

#[test]
fn a_disabled_line_allocates_nothing() {
    let end = full();
    tracing::subscriber::with_default(Counting { enabled: false }, || {
        assert_free("an unwanted line", || every_line(black_box(&end), DisconnectReason::NetworkError, 7));
    });
}

#[test]
fn a_written_line_allocates_nothing() {
    let end = full();
    tracing::subscriber::with_default(Counting { enabled: true }, || {
        assert_free("a line", || every_line(black_box(&end), DisconnectReason::NetworkError, 7));
        assert_free("a line", || every_line(black_box(&end), DisconnectReason::Graceful, 7));
    });
}

#[test]
fn a_verdict_on_a_nested_error_allocates_nothing() {
    let error = io::Error::other(Outer(io::Error::other(io::Error::from(io::ErrorKind::ConnectionReset))));
    let classifier = Classifier::new();
    let end = Endpoint::AGENT_FACING_SERVER.failed(&error);
    assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
    assert_free("a verdict", || {
        black_box(classifier.verdict(black_box(&error)));
        black_box(Endpoint::AGENT_FACING_SERVER.failed(black_box(&error)));
    });
}

/// An error with an inner error.
#[derive(Debug)]
struct Outer(io::Error);

impl fmt::Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// A subscriber that visits every field of an event and discards it.
struct Counting {
    enabled: bool,
}

impl Subscriber for Counting {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        self.enabled
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Length(0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Formats a value without a buffer.
struct Length(usize);

impl tracing::field::Visit for Length {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn fmt::Debug) {
        let _ = fmt::Write::write_fmt(self, format_args!("{value:?}"));
    }
}

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}
