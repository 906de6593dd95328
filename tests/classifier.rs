//! `classifier![]`: every kind of item, and typed contexts of anyhow and eyre.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::str::Utf8Error;

use anyhow::Context as _;
use disconnect_core::evidence::{Rank, Reader, Reading, Side, Verdict};
use disconnect_core::{Classifier, Code, DisconnectEvidence, DisconnectReason, classifier};

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
enum SessionError {
    #[error("no heartbeat")]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    Heartbeat,
    #[error("bad frame")]
    #[reason(ProtocolError, side = Remote, code = Code::websocket(1002))]
    BadFrame,
    #[error("the write failed")]
    #[reason(NetworkError, rank = FollowOn)]
    #[transparent]
    Write(#[source] io::Error),
}

/// A zero-sized type, which has the same address as the value that anyhow stores behind it.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("replaced")]
#[reason(Unknown, side = Remote, cause = Replaced)]
struct Replaced;

/// An error that is not `Send`, so that no container accepts it.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("of this thread")]
#[reason(ControlPlaneLost)]
struct OfThisThread(Rc<str>);

/// An error that is listed under a `#[cfg]`.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("left out")]
#[reason(ControlPlaneLost)]
struct LeftOut;

/// One type before the containers, the others after them.
static TYPED: Classifier = classifier![
    SessionError,
    anyhow = anyhow,
    eyre = eyre,
    Replaced,
    OfThisThread,
    #[cfg(any())]
    LeftOut,
];
/// The types without the containers.
static UNTYPED: Classifier = classifier![SessionError, Replaced, OfThisThread];

fn reset() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

fn is_reset(verdict: Verdict) -> bool {
    verdict == Classifier::new().verdict(&reset())
}

/// Checks both containers around the same error with these contexts, innermost first.
macro_rules! assert_contexts {
    ($root:expr, [$($context:expr),*], $expected:expr) => {{
        let anyhow = anyhow::Error::new($root)$(.context($context))*;
        let eyre = eyre::Report::new($root)$(.wrap_err($context))*;
        assert_eq!(TYPED.classify(&anyhow), $expected, "{anyhow:?}");
        assert_eq!(TYPED.classify(&eyre), $expected, "{eyre:?}");
    }};
}

fn said(error: &(dyn Error + 'static)) -> Verdict {
    UNTYPED.verdict(error)
}

#[test]
fn a_typed_context_is_found() {
    let heartbeat = said(&SessionError::Heartbeat);
    assert_eq!(heartbeat.rank(), Rank::Timeout);
    assert_contexts!(reset(), [SessionError::Heartbeat], heartbeat);
    assert_contexts!(reset(), ["while reading", SessionError::Heartbeat, "in the session"], heartbeat);
    assert_contexts!(reset(), [Replaced], said(&Replaced));
    assert_contexts!(std::fmt::Error, [Replaced], said(&Replaced));
    assert_contexts!(reset(), ["while reading", Replaced], said(&Replaced));

    let read: Result<(), io::Error> = Err(reset());
    assert_eq!(TYPED.classify(&read.context(SessionError::Heartbeat).unwrap_err()), heartbeat);
    let read: Result<(), io::Error> = Err(reset());
    assert_eq!(TYPED.classify(&eyre::WrapErr::wrap_err(read, Replaced).unwrap_err()), said(&Replaced));
    // The context of a `None`, and an error without an `Error` inside.
    assert_eq!(TYPED.classify(&None::<()>.context(SessionError::Heartbeat).unwrap_err()), heartbeat);
    assert_eq!(TYPED.classify(&anyhow::Error::msg(SessionError::Heartbeat)), heartbeat);
}

#[test]
fn a_code_of_the_peer_is_its_own_word() {
    let frame = said(&SessionError::BadFrame);
    assert_eq!((frame.rank(), frame.is_said_by_peer()), (Rank::Stated, true));
}

#[test]
fn without_the_container_only_sources_are_read() {
    let error = anyhow::Error::new(reset()).context(SessionError::Heartbeat);
    assert!(is_reset(UNTYPED.classify(&error)));
    assert!(is_reset(TYPED.verdict(error.as_ref())));
}

#[test]
fn the_strongest_context_wins_and_among_equals_the_deepest() {
    let (heartbeat, frame) = (said(&SessionError::Heartbeat), said(&SessionError::BadFrame));
    let eof = || io::Error::from(ErrorKind::UnexpectedEof);
    // A stronger inner verdict. An outer context that would be final as an error does not hide it.
    assert_contexts!(SessionError::BadFrame, [Replaced, "session"], frame);
    assert_contexts!(SessionError::BadFrame, [SessionError::Heartbeat], frame);
    assert_contexts!(SessionError::Heartbeat, [SessionError::BadFrame], frame);
    // Equal ranks.
    assert_contexts!(eof(), [Replaced, SessionError::BadFrame], said(&Replaced));
    assert_contexts!(eof(), [SessionError::BadFrame, Replaced], frame);
    // The error below a context is a separate step, even if both have the same type.
    let both: Result<(), _> = Err(SessionError::Heartbeat);
    assert_eq!(TYPED.classify(&both.context(SessionError::Heartbeat).unwrap_err()), heartbeat);
    let both: Result<(), _> = Err(Replaced);
    assert_eq!(TYPED.classify(&both.context(Replaced).unwrap_err()), said(&Replaced));
}

/// The error inside a context and the rest of the chain are both read.
#[test]
fn an_error_inside_a_context_and_the_rest_of_the_chain_are_read() {
    let timed_out = || io::Error::from(ErrorKind::TimedOut);
    let timeout = said(&timed_out());
    assert_contexts!(timed_out(), [SessionError::Write(reset())], timeout);
    assert_contexts!(reset(), [SessionError::Write(timed_out())], timeout);
    assert_contexts!(timed_out(), [SessionError::Write(ErrorKind::Other.into()), "session"], timeout);
}

#[derive(Debug, thiserror::Error)]
#[error("the job failed")]
struct Job(#[source] anyhow::Error);

#[test]
fn a_container_inside_an_error_needs_a_reader_for_its_contexts() {
    fn open<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        error.downcast_ref::<Job>().map_or(Reading::NOTHING, |job| Reading::inside(&job.0))
    }
    static OPENED: Classifier = classifier![anyhow = anyhow, SessionError, reader = open];
    let job = || Job(anyhow::Error::new(reset()).context(SessionError::Heartbeat));
    let heartbeat = said(&SessionError::Heartbeat);
    assert!(is_reset(TYPED.classify(&job())));
    assert_eq!(OPENED.classify(&job()), heartbeat);
    assert_eq!(OPENED.classify(&anyhow::Error::new(job()).context("while it ran")), heartbeat);
    assert_eq!(
        OPENED.classify(&anyhow::Error::new(job()).context(SessionError::BadFrame)),
        said(&SessionError::BadFrame)
    );
    assert!(is_reset(OPENED.classify(&io::Error::other(Job(anyhow::Error::new(reset()))))));
}

#[test]
fn an_error_that_is_not_send_may_be_listed() {
    let error = OfThisThread("here".into());
    assert_eq!(TYPED.classify(&error), said(&error));
}

#[test]
fn an_item_may_have_a_cfg() {
    #[cfg(any())]
    use nowhere::to::be::found as library;
    static WITHOUT: Classifier = classifier![
        #[cfg(any())]
        SessionError,
        #[cfg(any())]
        h2 = library,
        #[cfg(any())]
        anyhow = library,
        #[cfg(any())]
        reader = library,
        #[cfg(any())]
        library::adapter! = library,
        #[cfg(all())]
        Replaced,
        #[cfg(all())]
        #[cfg(not(any()))]
        anyhow = ::anyhow,
    ];
    assert_eq!(WITHOUT.classify(&SessionError::Heartbeat).rank(), Rank::NotUnderstood);
    assert_eq!(WITHOUT.classify(&Replaced), said(&Replaced));
    let error = anyhow::Error::new(reset()).context(Replaced).context(SessionError::BadFrame);
    assert_eq!(WITHOUT.classify(&error), said(&Replaced));
    assert_eq!(TYPED.classify(&LeftOut).rank(), Rank::NotUnderstood);
}

/// What a crate with adapters exports.
mod adapters {
    macro_rules! utf8 {
        ($($library:tt)+) => {{
            use $($library)+ as library;
            fn read<'a>(error: &'a (dyn std::error::Error + 'static)) -> crate::Reading<'a> {
                let violation = crate::Verdict::new(crate::DisconnectReason::ProtocolError, crate::Side::Remote);
                crate::Reading::from(error.downcast_ref::<library::Utf8Error>().map(|_| violation))
            }
            read as crate::Reader
        }};
    }
    macro_rules! idents_only {
        ($($library:ident)::+) => {
            $crate::adapters::utf8!($($library)::+)
        };
    }
    pub(crate) use {idents_only, utf8};
}

fn utf8_error() -> Utf8Error {
    String::from_utf8(vec![0xff]).unwrap_err().utf8_error()
}

#[test]
fn items_may_be_readers_and_foreign_adapters() {
    fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        let violation = Verdict::new(DisconnectReason::ProtocolError, Side::Remote);
        Reading::from(error.downcast_ref::<Utf8Error>().map(|_| violation))
    }
    mod mine {
        pub(super) const READ: crate::Reader = |_| crate::Reading::NOTHING;
    }
    static READERS: Classifier = classifier![reader = mine::READ, reader = read];
    static ADAPTER: Classifier = classifier![SessionError, adapters::utf8! = std::str, Replaced];
    static IDENTS: Classifier = classifier![crate::adapters::idents_only! = core::str];
    for classifier in [&READERS, &ADAPTER, &IDENTS] {
        assert_eq!(classifier.classify(&utf8_error()).rank(), Rank::Violation);
    }
    assert_eq!(ADAPTER.classify(&Replaced), said(&Replaced));
}

#[test]
fn the_first_reader_that_knows_an_error_wins() {
    fn weak<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        let weak = Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn);
        Reading::from(error.downcast_ref::<Replaced>().map(|_| weak))
    }
    static BEFORE: Classifier = classifier![reader = weak, Replaced];
    static BEHIND: Classifier = classifier![Replaced, reader = weak];
    assert_eq!(Classifier::default().classify(&reset()), Classifier::new().classify(&reset()));
    assert_eq!(BEFORE.classify(&Replaced).rank(), Rank::FollowOn);
    assert_eq!(BEHIND.classify(&Replaced).rank(), Rank::Stated);
}

/// The names in the expansion do not collide with the user's.
mod types_may_have_any_name {
    use disconnect_core::{Classifier, DisconnectEvidence, DisconnectReason, classifier};

    #[derive(Debug, thiserror::Error, DisconnectEvidence)]
    #[error("a")]
    #[reason(ControlPlaneLost)]
    struct Error;

    #[derive(Debug, thiserror::Error, DisconnectEvidence)]
    #[error("b")]
    #[reason(ControlPlaneLost)]
    struct Reading<T: std::fmt::Debug>(T);

    static CLASSIFIER: Classifier = classifier![anyhow = anyhow, Error, Reading<u8>];

    #[test]
    fn of_the_library_or_the_container() {
        let lost = disconnect_core::evidence::Side::Unknown;
        let lost = disconnect_core::evidence::Verdict::new(DisconnectReason::ControlPlaneLost, lost);
        for error in [anyhow::anyhow!("x").context(Error), anyhow::anyhow!("x").context(Reading(1_u8))] {
            assert_eq!(CLASSIFIER.classify(&error), lost);
        }
    }
}
