//! The walk through an error, whatever it is made of: it ends, no text breaks it, and nothing but a goodbye is normal.

use std::cell::Cell;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};
use std::{fmt, mem};

use disconnect_core::evidence::{Finding, Rank, Reading, Side, Verdict};
use disconnect_core::{
    Classifier, Code, DisconnectCause, DisconnectEvidence, DisconnectGuard, DisconnectReason, Endpoint, classifier,
};

use crate::input::{Input, is_clean};

type Boxed = Box<dyn Error + Send + Sync>;

static CLASSIFIER: Classifier = classifier![Evidence, anyhow = anyhow, reader = reader];

const ENDPOINTS: [Endpoint; 7] = [
    Endpoint::AGENT_FACING_SERVER,
    Endpoint::SERVER_FACING_AGENT,
    Endpoint::AGENT_FACING_CLIENT,
    Endpoint::CLIENT_FACING_AGENT,
    Endpoint::CLIENT_FACING_SERVER,
    Endpoint::SERVER_FACING_CLIENT,
    Endpoint::SERVER_FACING_CLIENT.error_may_be_goodbye(),
];

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut made = Made::innermost(&mut input);
    while !input.is_empty() {
        made = made.wrapped(&mut input);
    }
    let Made { error, may_be_goodbye, text_panics, source_panics } = made;
    let classified = without_hook(|| CLASSIFIER.classify(&error));
    if source_panics {
        // The user's own code, which is not caught. The guard has its line all the same.
        return writes_one_line(&error);
    }
    let verdict = classified.expect("a text that panics costs the text, and not the evidence");
    assert_eq!(verdict, without_hook(|| CLASSIFIER.verdict(&*error)).expect("the same"));
    for end in ENDPOINTS.map(|end| end.with_classifier(&CLASSIFIER)) {
        for end in [end, end.fin_is_goodbye()] {
            let end = without_hook(|| end.failed(&error)).expect("the same");
            assert!(may_be_goodbye || !end.expected(), "{end:?} of\n{}", CLASSIFIER.explain(&error));
        }
    }
    writes_one_line(&error);
    if !text_panics {
        explanation_agrees(&error, verdict);
    }
}

/// Whatever the error does, there is one line, with a clean text.
fn writes_one_line(error: &Boxed) {
    let lines = Cell::new(0);
    let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER), |end| {
        lines.set(lines.get() + 1);
        assert!(end.detail().is_none_or(|text| is_clean(text) && !text.is_empty() && text.len() <= 256));
    });
    let _ = without_hook(|| guard.failed(error));
    drop(guard);
    assert_eq!(lines.get(), 1);
}

fn explanation_agrees(error: &Boxed, verdict: Verdict) {
    let explanation = CLASSIFIER.explain(error);
    assert_eq!(explanation.verdict(), verdict);
    assert!(explanation.steps().len() <= Classifier::MAX_DEPTH);
    let won = explanation.steps().iter().filter_map(|step| match step.finding() {
        Finding::Won(verdict) => Some(verdict),
        _ => None,
    });
    match won.collect::<Vec<_>>()[..] {
        [] => assert_eq!(verdict.rank(), Rank::NotUnderstood),
        [won] => assert_eq!(won, verdict),
        ref several => panic!("{several:?} won"),
    }
    for step in explanation.steps() {
        if let Finding::Weaker(weaker) = step.finding() {
            assert!(weaker.rank() <= verdict.rank(), "{explanation}");
        }
        assert!(is_clean(step.text()) && step.name().is_none_or(is_clean));
    }
    assert!(explanation.to_string().lines().all(is_clean));
}

/// The result, or nothing where it panicked: the hook would fill the log.
fn without_hook<T>(work: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let result = catch_unwind(AssertUnwindSafe(work)).ok();
    std::panic::set_hook(hook);
    result
}

/// An error, and what is known of it.
struct Made {
    error: Boxed,
    may_be_goodbye: bool,
    text_panics: bool,
    source_panics: bool,
}

impl Made {
    fn innermost(input: &mut Input<'_>) -> Self {
        let kind = input.pick(&KINDS);
        let mut may_be_goodbye = false;
        let error: Boxed = match input.below(16) {
            0 | 1 => Box::new(io::Error::from(kind)),
            2 => Box::new(io::Error::from_raw_os_error(i32::try_from(input.number()).unwrap_or(i32::MAX))),
            3 => Box::new(io::Error::new(kind, input.text(12))),
            4 => Box::new(Arc::new(io::Error::from(kind))),
            5 => Box::new(Box::new(Box::new(io::Error::from(kind)))),
            6 => Box::new(&*RESET),
            7 => Box::new(input.pick(&[&RING_OF_ONE, &RING_OF_THREE])),
            8 => "x".parse::<u8>().expect_err("no number").into(),
            9 => Box::new(fmt::Error),
            10 => input.near(&["channel closed", "frame size too big", "bytes remaining on stream"]).into(),
            11 => Box::new(Evidence::Broken),
            12 => Box::new(Arc::new(Arc::new(io::Error::from(kind)))),
            13 => {
                may_be_goodbye = true;
                Box::new(Evidence::Left)
            }
            14 => {
                may_be_goodbye = true;
                Box::new(Said(input.pick(&[
                    Verdict::closed(Side::Remote),
                    Verdict::going_away(Side::Local),
                    Code::http2(0).received(),
                    Code::websocket(1000).received(),
                    Code::grpc(0).received(),
                ])))
            }
            _ => Box::new(Said(input.pick(&[
                Code::websocket(1002).received(),
                Verdict::closed(Side::Network),
                Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Auth),
            ]))),
        };
        Self { error, may_be_goodbye, text_panics: false, source_panics: false }
    }

    fn wrapped(mut self, input: &mut Input<'_>) -> Self {
        let source = self.error;
        self.error = match input.below(12) {
            0 => Box::new(io::Error::other(source)),
            1 => Box::new(io::Error::new(input.pick(&KINDS), source)),
            2 => Box::new(Arc::<dyn Error + Send + Sync>::from(source)),
            3 => in_anyhow(source).context(input.text(8)).into(),
            4 => in_anyhow(source).context(Evidence::Broken).into(),
            5 => Box::new(Held(in_anyhow(source).context(Evidence::Broken).context("held"))),
            6 => (0..input.below(100)).fold(source, |source, _| Node::around(Text::Plain("around".into()), source)),
            7 => {
                // A normal end inside a failure is that of another connection.
                self.may_be_goodbye = false;
                Box::new(Failure(source))
            }
            8 => Node::around(input.text_kind(&mut self.text_panics), source),
            9 if input.below(4) == 0 => {
                self.source_panics = true;
                Box::new(Node { text: Text::Plain("a trap".into()), source: Some(source), is_trap: true })
            }
            10 => Box::new(Node { text: input.text_kind(&mut self.text_panics), source: None, is_trap: false }),
            _ => Box::new(Box::new(Node { text: Text::Plain(input.text(8)), source: Some(source), is_trap: false })),
        };
        self
    }
}

/// Not by `from_boxed`, which hides the type of what is inside.
fn in_anyhow(source: Boxed) -> anyhow::Error {
    anyhow::Error::new(Node { text: Text::Plain("in anyhow".into()), source: Some(source), is_trap: false })
}

impl Input<'_> {
    fn text_kind(&mut self, panics: &mut bool) -> Text {
        match self.below(5) {
            0 => {
                *panics = true;
                Text::Panics
            }
            1 => Text::Fails,
            2 => Text::Huge,
            3 => Text::Plain(self.near(&["channel closed", "\u{1b}[31m", "\n", ""])),
            _ => Text::Plain(self.text(300)),
        }
    }
}

/// All that are stable and that the library or its users may meet.
const KINDS: [ErrorKind; 24] = [
    ErrorKind::Other,
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::ConnectionRefused,
    ErrorKind::UnexpectedEof,
    ErrorKind::BrokenPipe,
    ErrorKind::WriteZero,
    ErrorKind::TimedOut,
    ErrorKind::WouldBlock,
    ErrorKind::InvalidData,
    ErrorKind::InvalidInput,
    ErrorKind::NotConnected,
    ErrorKind::Interrupted,
    ErrorKind::PermissionDenied,
    ErrorKind::OutOfMemory,
    ErrorKind::StorageFull,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
    ErrorKind::AddrNotAvailable,
    ErrorKind::AddrInUse,
    ErrorKind::NotFound,
    ErrorKind::Unsupported,
    ErrorKind::AlreadyExists,
];

static RESET: LazyLock<io::Error> = LazyLock::new(|| ErrorKind::ConnectionReset.into());

/// What a text does when it is asked for.
enum Text {
    Plain(String),
    Fails,
    Panics,
    Huge,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.write_str(text),
            Self::Fails => Err(fmt::Error),
            Self::Panics => panic!("a text that panics"),
            Self::Huge => (0..1 << 16).try_for_each(|_| f.write_str("huge ")),
        }
    }
}

struct Node {
    text: Text,
    source: Option<Boxed>,
    /// `source` panics.
    is_trap: bool,
}

impl Node {
    fn around(text: Text, source: Boxed) -> Boxed {
        Box::new(Self { text, source: Some(source), is_trap: false })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text, f)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.text, f)
    }
}

impl Error for Node {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        assert!(!self.is_trap, "a source that panics");
        self.source.as_deref().map(|source| source as _)
    }
}

impl Drop for Node {
    /// Not by recursion: a chain may be long.
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(mut node) = next.take().and_then(|source| source.downcast::<Self>().ok()) {
            next = mem::take(&mut node.source);
        }
    }
}

/// Errors around each other.
#[derive(Debug)]
struct Link(&'static (dyn Error + Send + Sync));

static RING_OF_ONE: Link = Link(&RING_OF_ONE);
static RING_OF_THREE: Link = Link(&SECOND);
static SECOND: Link = Link(&THIRD);
static THIRD: Link = Link(&RING_OF_THREE);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link")
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0)
    }
}

/// What a reader understands.
#[derive(Debug)]
struct Said(Verdict);
#[derive(Debug)]
struct Failure(Boxed);
struct Held(anyhow::Error);

/// That of the error inside shows a backtrace, where one is asked for.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    if let Some(Said(verdict)) = error.downcast_ref() {
        return Reading::verdict(*verdict);
    }
    if let Some(Held(inside)) = error.downcast_ref() {
        return Reading::inside(inside);
    }
    if error.is::<Failure>() {
        return Reading::failure(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::BrokenPipe));
    }
    Reading::NOTHING
}

macro_rules! plain {
    ($($error:ident $(=> $source:expr)?;)*) => {
        $(impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($error))
            }
        }

        impl Error for $error {
            $(fn source(&self) -> Option<&(dyn Error + 'static)> {
                let source: fn(&Self) -> &(dyn Error + 'static) = $source;
                Some(source(self))
            })?
        })*
    };
}

plain! {
    Said;
    Held;
    Failure => |failure| &*failure.0;
    Evidence;
}

#[derive(Debug, DisconnectEvidence)]
enum Evidence {
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Broken,
    #[reason(ClientClosed, side = Remote)]
    Left,
}
