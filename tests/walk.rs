//! The walk through an error: it finds evidence wherever it hides, the strongest wins, and it always ends.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use disconnect_core::evidence::{Rank, Reading, Side, Verdict};
use disconnect_core::{Classifier, DisconnectReason, Endpoint};

const CLASSIFIER: Classifier = Classifier::new();

/// An error around another one, which it names as its source.
#[derive(Debug)]
struct Around(Box<dyn Error + Send + Sync>);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("around")
    }
}

impl Error for Around {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// An error that is its own source.
#[derive(Debug)]
struct Cycle;

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cycle")
    }
}

impl Error for Cycle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn rank(error: &(dyn Error + 'static)) -> Rank {
    CLASSIFIER.verdict(error).rank()
}

fn reset() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

#[test]
fn an_io_error_is_found_wherever_it_hides() {
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(reset());
    let unshared: Arc<dyn Error> = Arc::new(reset());
    let hidden: [Box<dyn Error>; 6] = [
        Box::new(reset()),
        // `source()` of an `io::Error` skips its payload.
        Box::new(io::Error::other(Around(Box::new(io::Error::other(reset()))))),
        Box::new(Around(Box::new(Arc::new(reset())))),
        Box::new(Around(Box::new(Box::new(reset())))),
        Box::new(shared),
        Box::new(unshared),
    ];
    for error in hidden {
        assert_eq!(rank(&*error), Rank::Transport, "{error:?}");
    }
    assert_eq!(rank(anyhow::Error::new(reset()).context("while reading").as_ref()), Rank::Transport);
}

#[test]
fn the_strongest_evidence_wins_and_among_equals_the_deepest() {
    let cause = |error: io::Error| CLASSIFIER.verdict(&error);
    let timed_out = || io::Error::from(ErrorKind::TimedOut);
    assert_eq!(cause(io::Error::new(ErrorKind::BrokenPipe, timed_out())), cause(timed_out()));
    assert_eq!(cause(io::Error::new(ErrorKind::TimedOut, reset())).rank(), Rank::Timeout);
    assert_eq!(cause(io::Error::new(ErrorKind::UnexpectedEof, reset())), cause(reset()));
}

#[test]
fn a_cycle_and_a_chain_without_end_are_left() {
    assert_eq!(rank(&Cycle), Rank::FollowOn);
    let chain = |length: usize| {
        (0..length).fold(Box::new(reset()) as Box<dyn Error + Send + Sync>, |error, _| Box::new(Around(error)))
    };
    assert_eq!(rank(&*chain(Classifier::MAX_DEPTH - 1)), Rank::Transport);
    assert_eq!(rank(&*chain(10_000)), Rank::FollowOn);
}

/// What failed here is an end of this connection; a goodbye inside it was said on another.
#[test]
fn a_goodbye_inside_a_failure_does_not_make_it_a_normal_end() {
    fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        if error.is::<Around>() {
            return Reading::failure(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::BrokenPipe));
        }
        if error.is::<fmt::Error>() { Reading::verdict(Verdict::closed(Side::Remote)) } else { Reading::NOTHING }
    }
    let classifier = Classifier::with(&[reader]);
    let expected = |error: &(dyn Error + 'static)| Endpoint::AGENT_FACING_SERVER.failed(&classifier, error).expected();
    assert!(expected(&fmt::Error));
    assert!(!expected(&Around(Box::new(fmt::Error))));
    let stronger = Around(Box::new(reset()));
    assert_eq!(classifier.verdict(&stronger).rank(), Rank::Transport, "stronger evidence counts all the same");
}
