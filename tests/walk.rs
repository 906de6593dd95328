//! The walk through an error: it finds evidence wherever it hides, the strongest wins, and it always ends.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use disconnect_core::evidence::{Rank, Reading, Side, Verdict};
use disconnect_core::{Classifier, DisconnectField, DisconnectReason, Endpoint};

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
    assert_eq!(rank(&Cycle), Rank::NotUnderstood);
    let chain = |length: usize| {
        (0..length).fold(Box::new(reset()) as Box<dyn Error + Send + Sync>, |error, _| Box::new(Around(error)))
    };
    assert_eq!(rank(&*chain(Classifier::MAX_DEPTH - 1)), Rank::Transport);
    assert_eq!(rank(&*chain(10_000)), Rank::NotUnderstood);
}

/// What failed here is an end of this connection; a normal end inside it is another one's.
#[test]
fn a_normal_end_inside_a_failure_does_not_make_it_one() {
    fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        if error.is::<Around>() {
            return Reading::failure(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::BrokenPipe));
        }
        Reading::from(error.downcast_ref::<Said>().map(|said| said.0))
    }
    let classifier = Classifier::with(&[reader]);
    let expected =
        |error: &(dyn Error + 'static)| Endpoint::AGENT_FACING_SERVER.resolve(classifier.verdict(error)).expected();
    let around = |verdict| Around(Box::new(Around(Box::new(Said(verdict)))));
    for verdict in [
        Verdict::closed(Side::Remote),
        Verdict::going_away(Side::Local),
        Verdict::new(DisconnectReason::Graceful, Side::Local),
        Verdict::new(DisconnectReason::ClientClosed, Side::Remote),
        Verdict::new(DisconnectReason::ServerShutdown, Side::Remote),
        Verdict::new(DisconnectReason::WorkspaceStopped, Side::Remote),
        Verdict::own(Leave::Quit, Side::Remote),
    ] {
        assert!(expected(&Said(verdict)), "{verdict:?}");
        assert!(!expected(&around(verdict)), "{verdict:?}");
    }
    for stronger in [
        CLASSIFIER.classify(&reset()),
        Verdict::new(DisconnectReason::ControlPlaneLost, Side::Remote),
        Verdict::own(Leave::Kicked, Side::Remote),
    ] {
        assert_eq!(classifier.classify(&around(stronger)), stronger, "stronger evidence counts all the same");
    }
    // A request that was cancelled may be a normal end, too.
    let failure = classifier.classify(&around(Verdict::cancelled(Side::Remote)));
    assert_eq!((failure.rank(), failure), (Rank::BrokenPipe, classifier.classify(&Around(Box::new(fmt::Error)))));
}

/// An error that means what it is told to.
#[derive(Debug)]
struct Said(Verdict);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("said")
    }
}

impl Error for Said {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Quit,
    Kicked,
}

#[test]
fn a_reader_opens_what_holds_an_error() {
    #[derive(Debug)]
    struct Holder(anyhow::Error, Box<dyn Error + Send + Sync>);
    impl fmt::Display for Holder {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("holder")
        }
    }
    impl Error for Holder {}

    fn first<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        error.downcast_ref::<Holder>().map_or(Reading::NOTHING, |holder| Reading::inside(&holder.0))
    }
    fn second<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        let weak = Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn);
        error.downcast_ref::<Holder>().map_or(Reading::NOTHING, |holder| Reading::verdict(weak).and_inside(&holder.1))
    }
    let timed_out = io::Error::from(ErrorKind::TimedOut);
    let holder = Holder(anyhow::Error::new(reset()).context("while reading"), timed_out.into());
    assert_eq!(CLASSIFIER.classify(&holder).rank(), Rank::NotUnderstood);
    assert_eq!(Classifier::with(&[first]).classify(&holder).rank(), Rank::Transport);
    assert_eq!(Classifier::with(&[second]).classify(&holder).rank(), Rank::Timeout);
}

#[test]
fn an_error_is_classified_in_whatever_it_comes() {
    let verdict = CLASSIFIER.verdict(&reset());
    assert_eq!(verdict.rank(), Rank::Transport);
    let boxed: Box<dyn Error> = Box::new(reset());
    let sent: Box<dyn Error + Send> = Box::new(reset());
    let shared: Box<dyn Error + Send + Sync> = Box::new(reset());
    assert_eq!(CLASSIFIER.classify(&reset()), verdict);
    assert_eq!(CLASSIFIER.classify(&*boxed), verdict);
    assert_eq!(CLASSIFIER.classify(&boxed), verdict);
    assert_eq!(CLASSIFIER.classify(&sent), verdict);
    assert_eq!(CLASSIFIER.classify(&shared), verdict);
    assert_eq!(CLASSIFIER.classify(&anyhow::Error::new(reset())), verdict);
    assert_eq!(CLASSIFIER.classify(&eyre::Report::new(reset())), verdict);
}
