//! `#[derive(DisconnectEvidence)]`: every form, with thiserror and without, found anywhere in an error.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::{Rank, Reading, Side, Verdict, derived};
use disconnect_core::{
    Category, Classifier, Code, ConnectionDirection as Direction, Disconnect, DisconnectCause as Cause,
    DisconnectEvidence, DisconnectField, DisconnectInitiator as Initiator, DisconnectReason as Reason, Endpoint, Peer,
    classifier,
};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);

/// Reads the non-generic errors of this file, and no errors of libraries.
static CLASSIFIER: Classifier = Classifier::with(&[
    derived::<SessionError>,
    derived::<Refusal>,
    derived::<Ranked>,
    derived::<Layers>,
    derived::<Goodbye>,
    derived::<ByHand>,
    derived::<Lost>,
    derived::<Numbered>,
    derived::<Named>,
    derived::<Wrapped>,
]);

fn verdict(error: impl Error + 'static) -> Verdict {
    CLASSIFIER.verdict(&error)
}

fn failed(error: impl Error + 'static) -> Disconnect {
    END.failed(&error)
}

/// The verdict of the I/O adapter for a reset.
fn reset() -> Verdict {
    CLASSIFIER.verdict(&reset_error())
}

fn reset_error() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

/// The example of the documentation.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
enum SessionError {
    #[error("no heartbeat for {0:?}")]
    #[reason(NetworkError, side = Network, cause = KeepaliveTimeout)]
    Heartbeat(Duration),
    #[error("bad frame")]
    #[reason(ProtocolError, side = Remote, code = Code::websocket(1002))]
    BadFrame(Vec<u8>),
    #[error(transparent)]
    #[transparent]
    Io(#[from] io::Error),
}

#[test]
fn each_variant_has_its_verdict() {
    let heartbeat = failed(SessionError::Heartbeat(Duration::from_secs(30)));
    assert_eq!(
        (heartbeat.reason_as(), heartbeat.cause_as()),
        (Some(Reason::NetworkError), Some(Cause::KeepaliveTimeout))
    );
    assert_eq!(
        (heartbeat.initiator().map(Category::as_str), heartbeat.evidence_rank()),
        (Some("network"), Rank::Timeout)
    );
    assert_eq!(heartbeat.direction().map(Category::as_str), Some("server_to_agent"));

    let frame = failed(SessionError::BadFrame(vec![0xff]));
    assert_eq!(
        (frame.reason_as(), frame.initiator().map(Category::as_str)),
        (Some(Reason::ProtocolError), Some("server"))
    );
    assert_eq!((frame.code(), frame.evidence_rank()), (Some(Code::websocket(1002)), Rank::Stated));

    assert_eq!(verdict(SessionError::from(reset_error())), reset());
}

/// A category of the user's own set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Quit,
    Kicked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
enum Why {
    Superseded,
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("refused")]
enum Refusal {
    #[reason(Leave::Kicked, side = Remote, cause = Why::Superseded)]
    Superseded,
    #[reason(Leave::Quit, cause = Kicked)]
    Quit,
    #[reason(Reason::NetworkError, cause = Cause::BrokenPipe)]
    Ours,
}

#[test]
fn reasons_and_causes_may_be_the_users_own() {
    let kicked = failed(Refusal::Superseded);
    assert_eq!((kicked.reason_as(), kicked.cause_as()), (Some(Leave::Kicked), Some(Why::Superseded)));
    assert_eq!((kicked.initiator().map(Category::as_str), kicked.expected()), (Some("server"), false));

    let quit = failed(Refusal::Quit);
    assert_eq!((quit.reason_as(), quit.cause_as()), (Some(Leave::Quit), Some(Cause::Kicked)));
    assert_eq!((quit.initiator_as(), quit.expected()), (Some(Initiator::Unknown), true));
}

#[test]
fn a_built_in_reason_by_path_equals_its_name() {
    let by_name = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::BrokenPipe);
    assert_eq!(verdict(Refusal::Ours), by_name);
    assert_eq!(verdict(Refusal::Ours).rank(), Rank::BrokenPipe);
}

impl From<Reason> for Leave {
    fn from(_: Reason) -> Self {
        Self::Kicked
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Broker,
    Subscriber,
    Network,
}

#[test]
fn an_endpoint_with_own_roles_and_reasons_maps_built_in_ones() {
    let end = Endpoint::between(&Party::Broker, Peer::client(&Party::Subscriber), &Direction::ClientToServer);
    let end = end.reasons::<Leave>().with_classifier(&CLASSIFIER);
    for error in [&Refusal::Ours as &(dyn Error + 'static), &reset_error()] {
        let end = end.failed(error);
        assert_eq!((end.reason_as(), end.initiator_as()), (Some(Leave::Kicked), Some(Party::Network)));
    }
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("ranked")]
enum Ranked {
    #[reason(NetworkError)]
    Network,
    #[reason(ProtocolError)]
    Protocol,
    #[reason(ControlPlaneLost)]
    ControlPlane,
    #[reason(Unknown)]
    Bare,
    #[reason(Unknown, side = Local, cause = OutOfResources)]
    Described,
    #[reason(NetworkError, rank = FollowOn)]
    Later,
    #[reason(ProtocolError, code = Code::http2(1), rank = Rank::Violation)]
    Seen,
    #[reason(NetworkError, side = Remote, cause = Deadline)]
    Silent,
}

#[test]
fn omitted_arguments_have_defaults() {
    for (error, side, rank) in [
        (Ranked::Network, Initiator::Network, Rank::Transport),
        (Ranked::Protocol, Initiator::Unknown, Rank::Violation),
        (Ranked::ControlPlane, Initiator::Unknown, Rank::Stated),
        (Ranked::Bare, Initiator::Unknown, Rank::FollowOn),
        (Ranked::Described, Initiator::Agent, Rank::Stated),
        (Ranked::Later, Initiator::Network, Rank::FollowOn),
        (Ranked::Seen, Initiator::Unknown, Rank::Violation),
        (Ranked::Silent, Initiator::Server, Rank::Timeout),
    ] {
        let text = format!("{error:?}");
        let end = failed(error);
        assert_eq!((end.initiator_as(), end.evidence_rank()), (Some(side), rank), "{text}");
    }
}

/// Errors with a verdict in front of an inner error.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("layers")]
enum Layers {
    #[reason(NetworkError, cause = Unreachable)]
    Settled(#[source] io::Error),
    #[reason(NetworkError, cause = Unreachable)]
    #[transparent]
    Either(#[source] io::Error),
    #[transparent]
    #[reason(Unknown)]
    AtLeast { source: Box<dyn Error + Send + Sync> },
    #[reason(ProtocolError)]
    #[transparent]
    Maybe(#[source] Option<io::Error>),
    #[transparent]
    Whatever(#[source] Option<Box<dyn Error + Send + Sync>>),
}

#[test]
fn a_reason_alone_ignores_the_inner_error() {
    let unreachable = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable);
    assert_eq!(verdict(Layers::Settled(reset_error())), unreachable);
    assert_eq!(verdict(Layers::Settled(ErrorKind::InvalidData.into())), unreachable);
}

#[test]
fn with_transparent_the_stronger_wins_and_among_equals_the_inner() {
    let unreachable = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable);
    let malformed = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed);
    assert_eq!(verdict(Layers::Either(reset_error())), reset());
    assert_eq!(verdict(Layers::Either(ErrorKind::InvalidData.into())), malformed);
    assert_eq!(verdict(Layers::Either(ErrorKind::BrokenPipe.into())), unreachable);
    assert_eq!(verdict(Layers::AtLeast { source: reset_error().into() }), reset());
    assert_eq!(verdict(Layers::AtLeast { source: "no error we know".into() }), verdict(Ranked::Bare));
}

#[test]
fn an_option_is_read_as_its_content() {
    let violation = Verdict::new(Reason::ProtocolError, Side::Unknown);
    assert_eq!(verdict(Layers::Maybe(None)), violation);
    assert_eq!(verdict(Layers::Maybe(Some(reset_error()))), violation);
    assert_eq!(verdict(Layers::Whatever(Some(reset_error().into()))), reset());
    assert_eq!(verdict(Layers::Whatever(None)).rank(), Rank::NotUnderstood);
}

/// Codes from fields of the error.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("goodbye")]
enum Goodbye {
    #[reason(ServerShutdown, side = Remote, code = Code::websocket(*code))]
    Close { code: u16, text: String },
    #[reason(NetworkError, code = _1.map(Code::quic))]
    Quic(Duration, Option<u64>),
    #[reason(ProtocolError, code = if *code > 0 { Some(Code::http2(*code)) } else { None })]
    #[transparent]
    Reset {
        code: u32,
        #[source]
        inside: io::Error,
    },
    #[reason(NetworkError, code = source.raw_os_error().map(Code::exit))]
    #[transparent]
    Shared { source: io::Error },
    #[reason(NetworkError, code = [1, 2].map(|n| Code::exit(n + 1)).first().copied())]
    Pure { code: u8 },
    #[reason(ProtocolError, code = code)]
    Kept { code: Option<Code> },
}

#[test]
fn a_code_may_be_computed_from_fields() {
    let close = failed(Goodbye::Close { code: 1001, text: "bye".to_owned() });
    assert_eq!((close.code(), close.expected()), (Some(Code::websocket(1001)), true));

    let with = verdict(Goodbye::Quic(Duration::ZERO, Some(7)));
    let without = verdict(Goodbye::Quic(Duration::ZERO, None));
    assert_eq!((with.rank(), without.rank()), (Rank::Stated, Rank::Transport));

    let reset = failed(Goodbye::Reset { code: 8, inside: reset_error() });
    assert_eq!((reset.code(), reset.reason_as()), (Some(Code::http2(8)), Some(Reason::ProtocolError)));

    let shared = Goodbye::Shared { source: io::Error::from_raw_os_error(104) };
    assert_eq!(failed(shared).code(), Some(Code::exit(104)));
    assert_eq!(failed(Goodbye::Kept { code: Some(Code::tls(40)) }).code(), Some(Code::tls(40)));
    assert_eq!(verdict(Goodbye::Kept { code: None }).rank(), Rank::Violation);
    assert_eq!(failed(Goodbye::Pure { code: 3 }).code(), Some(Code::exit(2)));
}

/// Without thiserror, this derive alone reads `#[source]` and `#[from]`.
#[derive(Debug, DisconnectEvidence)]
enum ByHand {
    #[transparent]
    Marked(#[from] io::Error, #[allow(dead_code)] u8),
    #[transparent]
    Named { source: io::Error, attempts: u8 },
    #[transparent]
    Explicit {
        #[source]
        cause: Box<dyn Error + Send>,
        source: u8,
    },
    #[reason(Graceful, side = Local)]
    #[allow(dead_code)]
    Unit,
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Marked(_, count) | Self::Named { attempts: count, .. } | Self::Explicit { source: count, .. } => {
                write!(f, "by hand, {count}")
            }
            Self::Unit => f.write_str("by hand"),
        }
    }
}

impl Error for ByHand {}

#[test]
fn the_inner_error_is_the_marked_field_then_source_then_the_only_one() {
    for error in [
        ByHand::Marked(reset_error(), 1),
        ByHand::Named { source: reset_error(), attempts: 2 },
        ByHand::Explicit { cause: Box::new(reset_error()), source: 3 },
    ] {
        let text = error.to_string();
        assert_eq!(verdict(error), reset(), "{text}");
    }
    assert_eq!(verdict(ByHand::Unit), Verdict::new(Reason::Graceful, Side::Local));
}

/// Every container that an inner error may be in.
#[derive(Debug, DisconnectEvidence)]
enum Wrapped {
    #[transparent]
    Sized(io::Error),
    #[transparent]
    Boxed(Box<io::Error>),
    #[transparent]
    Shared(Arc<io::Error>),
    #[transparent]
    Dyn(Box<dyn Error>),
    #[transparent]
    DynSend(Box<dyn Error + Send>),
    #[transparent]
    DynSendSync(Box<dyn Error + Send + Sync>),
    #[transparent]
    SharedDyn(Arc<dyn Error + Send + Sync>),
    #[transparent]
    SharedOwn(Arc<SessionError>),
    #[transparent]
    BoxedOwn(Box<SessionError>),
    #[transparent]
    Itself(Box<Wrapped>),
    #[transparent]
    Anyhow(anyhow::Error),
    #[transparent]
    Static(&'static Lost),
}

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrapped")
    }
}

impl Error for Wrapped {}

#[test]
fn an_inner_error_is_found_behind_any_pointer() {
    let own = || SessionError::from(reset_error());
    for error in [
        Wrapped::Sized(reset_error()),
        Wrapped::Boxed(Box::new(reset_error())),
        Wrapped::Shared(Arc::new(reset_error())),
        Wrapped::Dyn(Box::new(reset_error())),
        Wrapped::DynSend(Box::new(reset_error())),
        Wrapped::DynSendSync(Box::new(reset_error())),
        Wrapped::DynSendSync(Box::new(own())),
        Wrapped::SharedDyn(Arc::new(reset_error())),
        Wrapped::SharedOwn(Arc::new(own())),
        Wrapped::BoxedOwn(Box::new(own())),
        Wrapped::Itself(Box::new(Wrapped::Sized(reset_error()))),
        Wrapped::Anyhow(reset_error().into()),
        Wrapped::Anyhow(anyhow::Error::new(own()).context("while reading").context("in the pump")),
    ] {
        let text = format!("{error:?}");
        assert_eq!(verdict(error), reset(), "{text}");
    }
    assert_eq!(verdict(Wrapped::Static(&Lost)), verdict(Lost));
}

/// Evidence that no classifier lists, so that only `#[transparent]` finds it.
mod unlisted {
    use super::*;

    #[derive(Debug, thiserror::Error, DisconnectEvidence)]
    #[error("kicked")]
    #[reason(Unknown, side = Remote, cause = Kicked)]
    pub(super) struct Kicked;

    #[derive(Debug, thiserror::Error, DisconnectEvidence)]
    #[error("inner")]
    pub(super) enum Inner {
        #[reason(ControlPlaneLost, side = Remote)]
        Lost,
        #[transparent]
        Io(#[source] io::Error),
        #[transparent]
        Maybe(Option<io::Error>),
    }

    /// Not an error.
    #[derive(DisconnectEvidence)]
    pub(super) enum Signal {
        #[reason(Graceful, side = Local)]
        Quit,
        #[transparent]
        Error(Inner),
        #[transparent]
        Next(Box<Signal>),
    }

    /// A hand-written error whose `source()` may be stronger.
    #[derive(Debug, thiserror::Error)]
    #[error("by hand")]
    pub(super) struct ByHand(#[source] pub(super) io::Error);

    impl DisconnectEvidence for ByHand {
        fn evidence(&self) -> Reading<'_> {
            Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::BrokenPipe))
        }
    }

    /// A failure of this side.
    #[derive(Debug, thiserror::Error)]
    #[error("the handler failed")]
    pub(super) struct Handler(#[source] pub(super) Bye);

    impl DisconnectEvidence for Handler {
        fn evidence(&self) -> Reading<'_> {
            Reading::failure(Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn))
        }
    }

    /// A goodbye.
    #[derive(Debug, thiserror::Error)]
    #[error("bye")]
    pub(super) struct Bye;

    impl DisconnectEvidence for Bye {
        fn evidence(&self) -> Reading<'_> {
            Reading::settled(Verdict::closed(Side::Remote))
        }
    }

    /// An error around all of them. Its own `source()` is `None`.
    #[derive(DisconnectEvidence)]
    pub(super) enum Outer {
        #[transparent]
        Plain(Inner),
        #[transparent]
        Boxed(Box<Inner>),
        #[transparent]
        Shared(Arc<Inner>),
        #[transparent]
        Static(&'static Inner),
        #[transparent]
        Maybe(Option<Box<Inner>>),
        #[transparent]
        Signal(Signal),
        #[transparent]
        ByHand(ByHand),
        #[transparent]
        Handler(Handler),
        #[reason(NetworkError)]
        #[transparent]
        Transport(Inner),
        #[reason(Unknown, side = Local, cause = Policy)]
        #[transparent]
        Stated(Option<Kicked>),
        #[reason(NetworkError)]
        #[transparent]
        ByHandOr(ByHand),
    }

    impl fmt::Debug for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl Error for Outer {}

    /// The verdict of a classifier that lists only the outer type.
    pub(super) fn found(error: &Outer) -> Verdict {
        static OUTER: Classifier = classifier![Outer];
        OUTER.verdict(error)
    }
}

#[test]
fn inner_evidence_is_read_without_being_listed() {
    use unlisted::{Inner, Outer, Signal, found};

    let lost = Verdict::new(Reason::ControlPlaneLost, Side::Remote);
    for error in [
        Outer::Plain(Inner::Lost),
        Outer::Boxed(Box::new(Inner::Lost)),
        Outer::Shared(Arc::new(Inner::Lost)),
        Outer::Static(&Inner::Lost),
        Outer::Maybe(Some(Box::new(Inner::Lost))),
        Outer::Signal(Signal::Error(Inner::Lost)),
        Outer::Signal(Signal::Next(Box::new(Signal::Error(Inner::Lost)))),
        Outer::Transport(Inner::Lost),
    ] {
        assert_eq!(found(&error), lost);
        assert_eq!(error.verdict(), lost);
    }
    assert_eq!(found(&Outer::Signal(Signal::Quit)), Verdict::new(Reason::Graceful, Side::Local));
    for error in
        [Outer::Plain(Inner::Io(reset_error())), Outer::Maybe(Some(Box::new(Inner::Maybe(Some(reset_error())))))]
    {
        assert_eq!(found(&error), reset());
        assert_eq!(error.verdict(), reset());
    }
    assert_eq!(found(&Outer::Maybe(None)).rank(), Rank::NotUnderstood);
    assert_eq!(Outer::Plain(Inner::Maybe(None)).verdict().rank(), Rank::NotUnderstood);
}

#[test]
fn an_inner_reading_keeps_its_source_and_failure_mark() {
    use unlisted::{ByHand, Bye, Handler, Outer, found};

    static BOTH: Classifier = classifier![Outer, Bye];
    assert_eq!(found(&Outer::ByHand(ByHand(reset_error()))), reset());
    assert_eq!(found(&Outer::ByHand(ByHand(ErrorKind::Other.into()))).rank(), Rank::BrokenPipe);

    // A goodbye inside a failure belongs to another connection.
    assert_eq!(BOTH.verdict(&Bye), Verdict::closed(Side::Remote));
    let failed = Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::FollowOn);
    assert_eq!(BOTH.verdict(&Outer::Handler(Handler(Bye))), failed);
}

#[test]
fn with_transparent_an_inner_reading_wins_unless_weaker() {
    use unlisted::{ByHand, Inner, Kicked, Outer, found};

    let transport = Verdict::new(Reason::NetworkError, Side::Network);
    assert_eq!(found(&Outer::Transport(Inner::Io(ErrorKind::BrokenPipe.into()))), transport);
    assert_eq!(found(&Outer::Transport(Inner::Io(reset_error()))), reset(), "among equals the inner");
    assert_eq!(found(&Outer::Stated(Some(Kicked))), Kicked.verdict(), "among equals the inner");
    let policy = Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::Policy);
    assert_eq!(found(&Outer::Stated(None)), policy);
    assert_eq!(found(&Outer::ByHandOr(ByHand(ErrorKind::NotConnected.into()))), transport);
    assert_eq!(found(&Outer::ByHandOr(ByHand(ErrorKind::TimedOut.into()))).rank(), Rank::Timeout);
}

/// The cause depends on the fields.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("depends")]
enum Depends {
    #[reason(NetworkError, cause = (if *_0 > 1 { Cause::KeepaliveTimeout } else { Cause::BrokenPipe }))]
    Silent(u32),
    #[reason(Unknown, cause = (*why), code = *code)]
    Told { why: Option<Cause>, code: Option<Code> },
    #[reason(Unknown, side = Remote, cause = (Why::of(source)))]
    #[transparent]
    Own { source: io::Error },
    #[reason(Unknown, cause = (_0.0), code = Code::mqtt(_0.1))]
    Both((Why, u8)),
    #[reason(Unknown, cause = (Why::Superseded))]
    Path,
}

impl Why {
    fn of(error: &io::Error) -> Option<Self> {
        (error.kind() == ErrorKind::AddrInUse).then_some(Self::Superseded)
    }
}

#[test]
fn a_cause_may_be_computed_from_fields() {
    let silent = Verdict::new(Reason::NetworkError, Side::Network);
    assert_eq!(Depends::Silent(3).verdict(), silent.with_cause(Cause::KeepaliveTimeout));
    assert_eq!(Depends::Silent(0).verdict().rank(), Rank::BrokenPipe);

    let unknown = Verdict::new(Reason::Unknown, Side::Unknown);
    let told = |why, code| Depends::Told { why, code }.verdict();
    assert_eq!(told(Some(Cause::Policy), None), unknown.with_cause(Cause::Policy));
    assert_eq!(told(None, Some(Code::tls(40))), unknown.with_code(Code::tls(40)));
    assert_eq!(told(None, None), unknown.with_rank(Rank::FollowOn), "without a cause it is no statement");

    let superseded = unknown.with_own_cause(Why::Superseded);
    assert_eq!(Depends::Both((Why::Superseded, 0x8e)).verdict(), superseded.with_code(Code::mqtt(0x8e)));
    assert_eq!(Depends::Path.verdict(), superseded);
    let own = Depends::Own { source: ErrorKind::AddrInUse.into() };
    assert_eq!(own.verdict(), Verdict::new(Reason::Unknown, Side::Remote).with_own_cause(Why::Superseded));
    assert_eq!(Depends::Own { source: reset_error() }.verdict(), reset());
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("by a party")]
enum ByParty {
    #[reason(ClientClosed, by = Client)]
    Left,
    #[reason(Unknown, side = Remote, cause = Kicked, by = Party::Broker, rank = Violation)]
    Kicked,
    #[reason(NetworkError, by = Initiator::Network)]
    Lost,
}

/// The derive only passes the party on. The documentation of `Verdict::by` tests what an endpoint makes of it.
#[test]
fn a_party_may_accompany_or_replace_a_side() {
    assert_eq!(ByParty::Left.verdict(), Verdict::new(Reason::ClientClosed, Side::Unknown).by(Initiator::Client));
    let kicked = Verdict::new(Reason::Unknown, Side::Remote).with_cause(Cause::Kicked).with_rank(Rank::Violation);
    assert_eq!(ByParty::Kicked.verdict(), kicked.by(Party::Broker));
    assert_ne!(ByParty::Kicked.verdict(), kicked);
    assert_eq!(ByParty::Lost.verdict(), Verdict::new(Reason::NetworkError, Side::Network).by(Initiator::Network));
}

/// Not an error: a value with a verdict.
#[derive(DisconnectEvidence)]
enum Finished<T: 'static> {
    #[reason(Graceful, side = Local)]
    Done(#[allow(dead_code)] T),
    #[transparent]
    Failed(io::Error),
    #[reason(NetworkError, cause = Unreachable)]
    #[transparent]
    Unreachable(Box<dyn Error>),
    #[transparent]
    Any(anyhow::Error),
    #[transparent]
    SharedAny(Arc<anyhow::Error>),
}

#[test]
fn a_value_that_is_not_an_error_has_a_verdict() {
    struct NoError;
    let done: Finished<NoError> = Finished::Done(NoError);
    assert_eq!(END.resolve(done.verdict()).reason_as(), Some(Reason::Graceful));
    assert_eq!(Finished::<u8>::Failed(io::Error::other(reset_error())).verdict(), reset());
    assert_eq!(Finished::<u8>::Any(anyhow::Error::new(reset_error()).context("reading")).verdict(), reset());
    assert_eq!(Finished::<u8>::SharedAny(Arc::new(reset_error().into())).verdict(), reset());

    let unreachable = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable);
    assert_eq!(Finished::<u8>::Unreachable("an unread error".into()).verdict(), unreachable);
    assert_eq!(Finished::<u8>::Unreachable(ErrorKind::BrokenPipe.into_error()).verdict(), unreachable);
    assert_eq!(Finished::<u8>::Unreachable(ErrorKind::ConnectionReset.into_error()).verdict(), reset());
    let pointer: &dyn DisconnectEvidence = &Finished::<u8>::Failed(reset_error());
    assert_eq!(pointer.verdict(), reset());
}

/// `ErrorKind` as a boxed error.
trait IntoError {
    fn into_error(self) -> Box<dyn Error>;
}

impl IntoError for ErrorKind {
    fn into_error(self) -> Box<dyn Error> {
        io::Error::from(self).into()
    }
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("defaults")]
#[reason(NetworkError, cause = Deadline)]
enum Defaults {
    First,
    Second(#[allow(dead_code)] u8),
    #[reason(Unknown, side = Local)]
    Own,
    #[transparent]
    Io(io::Error),
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("transparent")]
#[transparent]
enum Wrapper {
    Io(#[from] io::Error),
    Session {
        source: SessionError,
        attempts: u8,
    },
    #[reason(Unknown, side = Local)]
    Own,
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("either")]
#[transparent]
#[reason(NetworkError, code = Code::exit(0))]
enum EitherWay {
    Empty,
    Io(#[from] io::Error),
}

#[test]
fn a_verdict_on_the_enum_is_the_default_of_its_variants() {
    let deadline = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline);
    assert_eq!([Defaults::First.verdict(), Defaults::Second(2).verdict()], [deadline; 2]);
    assert_eq!(Defaults::Own.verdict().rank(), Rank::FollowOn);
    assert_eq!(Defaults::Io(reset_error()).verdict(), reset());

    assert_eq!(Wrapper::from(reset_error()).verdict(), reset());
    let heartbeat = SessionError::Heartbeat(Duration::ZERO);
    assert_eq!(Wrapper::Session { source: heartbeat, attempts: 1 }.verdict().rank(), Rank::Timeout);
    assert_eq!(Wrapper::Own.verdict().rank(), Rank::FollowOn);

    let exited = Verdict::new(Reason::NetworkError, Side::Network).with_code(Code::exit(0)).with_rank(Rank::Stated);
    assert_eq!([EitherWay::Empty.verdict(), EitherWay::from(reset_error()).verdict()], [exited; 2]);
}

/// A struct with attributes of its own.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("lost the coordinator")]
#[reason(ControlPlaneLost, side = Remote)]
struct Lost;

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("numbered")]
#[reason(NetworkError, code = Code::mqtt(_0.to_le_bytes()[0]))]
struct Numbered(u16, #[source] io::Error);

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("named")]
#[transparent]
struct Named {
    #[from]
    inside: io::Error,
}

#[test]
fn a_struct_declares_its_verdict() {
    assert_eq!(verdict(Lost), Verdict::new(Reason::ControlPlaneLost, Side::Remote));
    assert_eq!(failed(Numbered(0x8d, reset_error())).code(), Some(Code::mqtt(0x8d)));
    assert_eq!(verdict(Named::from(reset_error())), reset());
}

/// A generic transport.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
enum Transport<E, const N: usize = 1>
where
    E: Error,
{
    #[error(transparent)]
    #[transparent]
    Inner(E),
    #[error("boxed")]
    #[transparent]
    Boxed(#[source] Box<E>),
    #[error("after {0:?}")]
    #[reason(NetworkError, cause = Deadline)]
    TimedOut([u8; N]),
}

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("never")]
enum Never {}

#[test]
fn generic_errors_are_read_for_each_type() {
    static GENERIC: Classifier = classifier![Transport<io::Error>, Transport<SessionError, 3>, SessionError, Never];
    let inner = Transport::<_>::Inner(reset_error());
    assert_eq!(GENERIC.verdict(&inner), reset());
    assert_eq!(GENERIC.verdict(&Transport::<_>::Boxed(Box::new(reset_error()))), reset());
    let session = Transport::<_, 3>::Inner(SessionError::Heartbeat(Duration::ZERO));
    assert_eq!(GENERIC.verdict(&session).rank(), Rank::Timeout);
    assert_eq!(GENERIC.verdict(&Transport::<SessionError, 3>::TimedOut([0; 3])).rank(), Rank::Timeout);
}

#[derive(Debug, thiserror::Error)]
#[error("outer")]
struct Outer(#[source] Box<dyn Error + Send + Sync>);

#[test]
fn a_derived_error_is_found_anywhere() {
    let lost = Verdict::new(Reason::ControlPlaneLost, Side::Remote);
    assert_eq!(verdict(io::Error::other(Lost)), lost);
    assert_eq!(verdict(io::Error::other(Arc::new(Lost))), lost);
    assert_eq!(verdict(Outer(Box::new(Arc::new(Lost)))), lost);
    assert_eq!(verdict(Outer(Box::new(io::Error::other(Outer(Box::new(Lost)))))), lost);
    assert_eq!(verdict(Outer(Box::new(Box::new(Lost)))), lost);
    assert_eq!(CLASSIFIER.verdict(anyhow::Error::new(Lost).context("while draining").as_ref()), lost);
    let boxed: Box<dyn Error + Send + Sync> = Box::new(Lost);
    assert_eq!(CLASSIFIER.verdict(&*boxed), lost);
}

#[test]
fn only_a_stronger_inner_verdict_replaces_an_outer_one() {
    // An `io::Error` with a payload has no verdict of its own, so the payload decides.
    let timed_out = io::Error::new(ErrorKind::TimedOut, Lost);
    assert_eq!(verdict(timed_out), Verdict::new(Reason::ControlPlaneLost, Side::Remote));
    let timed_out = io::Error::new(ErrorKind::TimedOut, Ranked::Later);
    assert_eq!(verdict(timed_out).rank(), Rank::Timeout);
}

#[test]
fn the_trait_can_be_written_by_hand() {
    #[derive(Debug, thiserror::Error)]
    #[error("closed with {0}")]
    struct Closed(u16);

    impl DisconnectEvidence for Closed {
        fn evidence(&self) -> Reading<'_> {
            match self.0 {
                1000 => Reading::settled(Verdict::closed(Side::Remote)),
                _ => Reading::NOTHING,
            }
        }
    }

    static CLOSED: Classifier = Classifier::with(&[derived::<Closed>]);
    assert_eq!(CLOSED.verdict(&Closed(1000)), Verdict::closed(Side::Remote));
    assert_eq!(CLOSED.verdict(&Closed(4000)).rank(), Rank::NotUnderstood);
}

mod hygiene {
    //! Names of the user that the expansion must not use.
    #![allow(dead_code, reason = "they stand in the way")]

    struct Some;
    struct None;
    struct Option;
    struct Reading;
    struct Side;
    struct Rank;
    struct DisconnectReason;
    trait Error {}
    mod core {}
    mod std {}

    macro_rules! error {
        ($name:ident, $reason:ident, $own:path, $code:expr, $inside:ty) => {
            #[derive(Debug, ::disconnect_core::DisconnectEvidence)]
            pub(super) enum $name {
                #[reason($reason, code = $code)]
                Ours { inside: u8 },
                #[reason($own)]
                Own,
                #[reason(NetworkError, code = ::disconnect_core::Code::tls(*inside))]
                Mentioned { inside: u8 },
                #[transparent]
                Maybe($inside),
            }
            impl ::std::fmt::Display for $name {
                fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                    f.write_str("hygiene")
                }
            }
            impl ::std::error::Error for $name {}
        };
    }
    error!(
        Macroed,
        ProtocolError,
        super::Leave::Kicked,
        ::disconnect_core::Code::exit(1 + 1),
        ::core::option::Option<::std::io::Error>
    );
}

#[test]
fn the_users_names_do_not_collide() {
    static MACROED: Classifier = Classifier::with(&[derived::<hygiene::Macroed>]);
    let code = |error| END.with_classifier(&MACROED).failed(&error).code();
    assert_eq!(code(hygiene::Macroed::Ours { inside: 1 }), Some(Code::exit(2)));
    assert_eq!(code(hygiene::Macroed::Mentioned { inside: 40 }), Some(Code::tls(40)));
    assert_eq!(MACROED.verdict(&hygiene::Macroed::Maybe(Some(reset_error()))), reset());
    assert_eq!(END.with_classifier(&MACROED).failed(&hygiene::Macroed::Own).reason_as(), Some(Leave::Kicked));
}

/// A bare name that the derive does not know is an error, so this checks every name.
#[test]
fn every_built_in_reason_and_initiator_is_known() {
    #[derive(DisconnectEvidence)]
    enum ByName {
        #[reason(Unknown)]
        Unknown,
        #[reason(Graceful)]
        Graceful,
        #[reason(ClientClosed)]
        ClientClosed,
        #[reason(ServerShutdown)]
        ServerShutdown,
        #[reason(NetworkError)]
        NetworkError,
        #[reason(ProtocolError)]
        ProtocolError,
        #[reason(WorkspaceStopped)]
        WorkspaceStopped,
        #[reason(ControlPlaneLost)]
        ControlPlaneLost,
    }
    #[derive(DisconnectEvidence)]
    enum ByParty {
        #[reason(Unknown, by = Unknown)]
        Unknown,
        #[reason(Unknown, by = Client)]
        Client,
        #[reason(Unknown, by = Agent)]
        Agent,
        #[reason(Unknown, by = Server)]
        Server,
        #[reason(Unknown, by = Network)]
        Network,
    }
    for &reason in Reason::ALL {
        let by_name = match reason {
            Reason::Unknown => ByName::Unknown,
            Reason::Graceful => ByName::Graceful,
            Reason::ClientClosed => ByName::ClientClosed,
            Reason::ServerShutdown => ByName::ServerShutdown,
            Reason::NetworkError => ByName::NetworkError,
            Reason::ProtocolError => ByName::ProtocolError,
            Reason::WorkspaceStopped => ByName::WorkspaceStopped,
            Reason::ControlPlaneLost => ByName::ControlPlaneLost,
        };
        assert_eq!(END.resolve(by_name.verdict()).reason_as(), Some(reason));
    }
    let unknown = Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn);
    for &party in Initiator::ALL {
        let by_party = match party {
            Initiator::Unknown => ByParty::Unknown,
            Initiator::Client => ByParty::Client,
            Initiator::Agent => ByParty::Agent,
            Initiator::Server => ByParty::Server,
            Initiator::Network => ByParty::Network,
        };
        assert_eq!(by_party.verdict(), unknown.by(party));
    }
}

/// `ui/evidence/network-ends-on-purpose.rs` has the four reasons that `side = Network` does not fit.
#[test]
fn the_network_fits_every_reason_that_is_not_on_purpose() {
    #[derive(Debug, thiserror::Error, DisconnectEvidence)]
    #[error("by the network")]
    enum ByNetwork {
        #[reason(Unknown, side = Network)]
        Unknown,
        #[reason(NetworkError, side = Network)]
        NetworkError,
        #[reason(ProtocolError, side = Network)]
        ProtocolError,
        #[reason(ControlPlaneLost, side = Network)]
        ControlPlaneLost,
    }
    let allowed = |reason| match reason {
        Reason::Unknown => Some(ByNetwork::Unknown),
        Reason::NetworkError => Some(ByNetwork::NetworkError),
        Reason::ProtocolError => Some(ByNetwork::ProtocolError),
        Reason::ControlPlaneLost => Some(ByNetwork::ControlPlaneLost),
        Reason::Graceful | Reason::ClientClosed | Reason::ServerShutdown | Reason::WorkspaceStopped => None,
    };
    for &reason in Reason::ALL {
        assert_eq!(allowed(reason).is_none(), reason.expected(), "{reason}");
    }
}
