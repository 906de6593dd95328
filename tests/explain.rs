//! `Classifier::explain`: what was found, what was not understood and why, and which verdict won.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use disconnect_core::evidence::{AsError, Explanation, Finding, Rank, Reading, Side, Step, Verdict};
use disconnect_core::{Classifier, Code, DisconnectEvidence, DisconnectReason, classifier};

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
enum SessionError {
    #[error("no heartbeat")]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    Heartbeat,
    #[error("the peer left")]
    #[reason(ServerShutdown, side = Remote, code = Code::websocket(1001))]
    Left,
    #[error("stream {0}")]
    #[transparent]
    Stream(u32, #[source] io::Error),
}

/// A failure of this side.
#[derive(Debug, thiserror::Error)]
#[error("the handler failed")]
struct HandlerFailed(#[source] SessionError);

/// Errors that no classifier here reads.
#[derive(Debug, thiserror::Error)]
enum Opaque {
    #[error("opened")]
    Opened(#[source] io::Error),
    #[error(transparent)]
    Hidden(io::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("round and round")]
struct Cycle;

#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("circle")
    }
}

impl Error for Circle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn handler<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let failed = Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::BrokenPipe);
    error.downcast_ref::<HandlerFailed>().map_or(Reading::NOTHING, |_| Reading::failure(failed))
}

static CLASSIFIER: Classifier = classifier![SessionError, reader = handler, anyhow = anyhow];

fn reset() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

/// Explains the error, and checks that the explanation agrees with the classification.
#[track_caller]
fn explain<M, E: AsError<M> + ?Sized>(error: &E) -> Explanation {
    let explanation = CLASSIFIER.explain(error);
    assert_eq!(explanation.verdict(), CLASSIFIER.classify(error), "{explanation}");
    explanation
}

#[track_caller]
fn assert_lines(explanation: &Explanation, lines: &[&str]) {
    assert_eq!(explanation.to_string().lines().collect::<Vec<_>>(), lines);
}

#[test]
fn each_step_shows_its_reader_and_result() {
    let error = anyhow::Error::new(SessionError::Stream(3, reset()))
        .context(SessionError::Heartbeat)
        .context("while reading a frame");
    let error = explain(&error);
    assert_lines(
        &error,
        &[
            "network_error by the network, cause keepalive_timeout, rank Timeout",
            "1. \"while reading a frame\" [Error]: no reader knows it",
            "2. \"no heartbeat\" [a typed context, Error]: network_error by the network, cause keepalive_timeout, rank \
             Timeout; wins",
            "3. \"stream 3\" [SessionError, Stream]: wraps the next error",
            "4. \"connection reset\" [std::io::Error, ConnectionReset]: network_error by the network, cause reset, rank \
             Transport; error 2 is stronger",
        ],
    );
    let steps = error.steps();
    assert_eq!(steps.iter().map(Step::depth).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(
        (steps[2].text(), steps[2].name(), steps[2].reader()),
        ("stream 3", Some("Stream"), Some("SessionError"))
    );
    assert_eq!(steps[2].finding(), Finding::Wrapper);
    assert!(matches!(steps[1].finding(), Finding::Won(verdict) if verdict == error.verdict()));
    assert!(matches!(steps[3].finding(), Finding::Weaker(verdict) if verdict.rank() == Rank::Transport));
    assert_eq!(error.not_understood().map(Step::depth).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_normal_end_inside_a_failure_is_ignored_and_shown() {
    let explanation = explain(&HandlerFailed(SessionError::Left));
    let ignored = CLASSIFIER.classify(&SessionError::Left);
    assert_eq!(explanation.steps()[1].finding(), Finding::InFailure(ignored));
    assert_lines(
        &explanation,
        &[
            "unknown by this side, rank BrokenPipe",
            "1. \"the handler failed\" [reader = handler, HandlerFailed]: unknown by this side, rank BrokenPipe; wins",
            "2. \"the peer left\" [SessionError, Left]: server_shutdown by the peer, code websocket.1001, rank Stated; \
             ignored: a normal end inside a failure is another connection's",
        ],
    );
}

#[test]
fn among_equals_the_deeper_one_wins() {
    let eof = io::Error::new(ErrorKind::UnexpectedEof, reset());
    let explanation = explain(&eof);
    assert!(explanation.to_string().contains("cause unclean_eof, rank Transport; error 2 is as strong and deeper"));
    assert!(matches!(explanation.steps()[0].finding(), Finding::Weaker(_)));
}

#[test]
fn an_empty_reading_differs_from_an_unread_error() {
    let silent = io::Error::from(ErrorKind::Interrupted);
    let explanation = explain(&Opaque::Opened(silent));
    assert_lines(
        &explanation,
        &[
            "unknown, rank NotUnderstood: no error in it is understood",
            "1. \"opened\" [Opened]: no reader knows it",
            "2. \"operation interrupted\" [std::io::Error, Interrupted]: has no verdict by itself",
            "hint: to read it, give its type, the adapter of its library or a `reader`; this classifier reads \
             std::io::Error, SessionError, reader = handler; of a library that is given, it may be of another version: \
             see `cargo tree --duplicates`",
        ],
    );
    let findings: Vec<Finding> = explanation.not_understood().map(Step::finding).collect();
    assert_eq!(findings, [Finding::Unread, Finding::Silent]);
    assert_lines(
        &explain(&io::Error::from(ErrorKind::Interrupted)),
        &[
            "unknown, rank NotUnderstood: no error in it is understood",
            "1. \"operation interrupted\" [std::io::Error, Interrupted]: has no verdict by itself",
        ],
    );
}

#[test]
fn the_last_unread_error_gets_a_hint_at_transparent() {
    const HINT: &str = "hint: if `Hidden` is `#[error(transparent)]`, it hides the error inside";
    let hidden = || Opaque::Hidden(reset());
    let explanation = explain(&hidden());
    assert!(explanation.to_string().contains(HINT), "{explanation}");
    assert!(
        explanation.to_string().contains("1. \"connection reset\" [Hidden]: no reader knows it, and it has no source")
    );
    let wrapped = explain(&io::Error::new(ErrorKind::BrokenPipe, hidden()));
    assert!(wrapped.to_string().contains(HINT), "{wrapped}");
    let opened = explain(&Opaque::Opened(reset()));
    assert!(!opened.to_string().contains("hint"), "{opened}");
    // An error without a type name.
    let nameless = explain(&anyhow::anyhow!("text"));
    assert!(nameless.to_string().contains("\nhint: if it is `#[error(transparent)]`"), "{nameless}");
}

#[test]
fn a_classifier_without_readers_gives_no_version_hint() {
    let explanation = classifier![].explain(&Cycle).to_string();
    assert!(explanation.ends_with("this classifier reads std::io::Error"), "{explanation}");
    let by_hand = Classifier::with(&[handler]);
    assert!(by_hand.explain(&HandlerFailed(SessionError::Left)).to_string().contains("[a reader, HandlerFailed]"));
    assert!(by_hand.explain(&Cycle).to_string().ends_with("see `cargo tree --duplicates`"));
}

#[test]
fn a_cycle_ends_and_is_shown() {
    let explanation = explain(&Circle);
    assert_eq!(explanation.steps().len(), Classifier::MAX_DEPTH);
    assert!(explanation.to_string().contains("\nstopped after 64 errors: more follow, perhaps in a cycle\n"));
    let chain = |length: usize| {
        (1..length).fold(Arc::new(Cycle) as Arc<dyn Error + Send + Sync>, |error, _| Arc::new(io::Error::other(error)))
    };
    let exact = explain(&chain(Classifier::MAX_DEPTH / 3));
    assert!(!exact.to_string().contains("stopped"), "{exact}");
}

#[test]
fn hostile_texts_are_cleaned_and_cut() {
    struct Hostile;
    impl fmt::Debug for Hostile {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&"Ä_9".repeat(100))
        }
    }
    impl fmt::Display for Hostile {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a\nb\u{1b}[2J{}", "x".repeat(1000))
        }
    }
    impl Error for Hostile {}

    let explanation = explain(&Hostile);
    let step = &explanation.steps()[0];
    assert!(step.text().starts_with("a b") && !step.text().contains('\u{1b}'), "{:?}", step.text());
    assert_eq!(step.text().len(), 256);
    assert!(step.name().is_some_and(|name| name.starts_with("Ä_9Ä") && name.len() <= 64));
    assert_eq!(explanation.to_string().lines().count(), 4);
}

/// An error that is understood, with a source that is not.
#[derive(Debug, thiserror::Error)]
#[error("reset")]
struct ResetBy(#[source] Cycle);

fn reset_by<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let reset = Verdict::new(DisconnectReason::NetworkError, Side::Network);
    error.downcast_ref::<ResetBy>().map_or(Reading::NOTHING, |_| Reading::verdict(reset))
}

#[test]
fn an_understood_error_gives_no_hint_about_its_unread_source() {
    let explanation = classifier![reader = reset_by].explain(&ResetBy(Cycle)).to_string();
    assert!(explanation.contains("2. \"round and round\" [Cycle]: no reader knows it"), "{explanation}");
    assert!(!explanation.contains("hint"), "{explanation}");
}
