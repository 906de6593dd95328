//! `#[derive(DisconnectEvidence)]`: every form of it, beside thiserror and by hand, and found anywhere in an error.

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

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// Reads the errors of this file that are not generic, and nothing of a library's.
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
    END.failed(&CLASSIFIER, &error)
}

/// What the io adapter makes of a reset.
fn reset() -> Verdict {
    CLASSIFIER.verdict(&reset_error())
}

fn reset_error() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

/// The example of the design.
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
fn each_variant_means_what_it_names() {
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
fn a_reason_of_ours_by_its_path_is_the_same_as_by_its_name() {
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
fn an_endpoint_with_roles_and_reasons_of_its_own_translates_ours() {
    let end = Endpoint::between(Party::Broker, Peer::client(Party::Subscriber), Direction::ClientToServer);
    let end = end.reasons::<Leave>();
    for error in [&Refusal::Ours as &(dyn Error + 'static), &reset_error()] {
        let end = end.failed(&CLASSIFIER, error);
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
fn what_is_left_out_follows_from_the_rest() {
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

/// An error that a verdict stands in front of.
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
fn a_reason_alone_is_the_authors_word() {
    let unreachable = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable);
    assert_eq!(verdict(Layers::Settled(reset_error())), unreachable);
    assert_eq!(verdict(Layers::Settled(ErrorKind::InvalidData.into())), unreachable);
}

#[test]
fn with_transparent_the_stronger_wins_and_between_equals_the_one_inside() {
    let unreachable = Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Unreachable);
    let malformed = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed);
    assert_eq!(verdict(Layers::Either(reset_error())), reset());
    assert_eq!(verdict(Layers::Either(ErrorKind::InvalidData.into())), malformed);
    assert_eq!(verdict(Layers::Either(ErrorKind::BrokenPipe.into())), unreachable);
    assert_eq!(verdict(Layers::AtLeast { source: reset_error().into() }), reset());
    assert_eq!(verdict(Layers::AtLeast { source: "no error we know".into() }), verdict(Ranked::Bare));
}

#[test]
fn an_option_is_what_is_inside_if_anything_is() {
    let violation = Verdict::new(Reason::ProtocolError, Side::Unknown);
    assert_eq!(verdict(Layers::Maybe(None)), violation);
    assert_eq!(verdict(Layers::Maybe(Some(reset_error()))), violation);
    assert_eq!(verdict(Layers::Whatever(Some(reset_error().into()))), reset());
    assert_eq!(verdict(Layers::Whatever(None)), verdict(Ranked::Bare));
}

/// Codes out of what the error carries.
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
fn a_code_may_come_out_of_the_fields() {
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

/// Without thiserror: `#[source]` and `#[from]` are this derive's own then.
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
fn the_field_inside_is_the_marked_one_then_source_then_the_only_one() {
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

/// Everything that an error inside may stand behind.
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
fn an_error_inside_is_found_behind_any_pointer() {
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

/// A struct says it on itself.
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
fn structs_say_it_on_themselves() {
    assert_eq!(verdict(Lost), Verdict::new(Reason::ControlPlaneLost, Side::Remote));
    assert_eq!(failed(Numbered(0x8d, reset_error())).code(), Some(Code::mqtt(0x8d)));
    assert_eq!(verdict(Named::from(reset_error())), reset());
}

/// A transport of any kind.
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
fn generic_errors_are_read_for_each_type_they_are_used_with() {
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
fn a_derived_error_is_found_anywhere_in_a_graph() {
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
fn an_outer_verdict_only_yields_to_a_stronger_one_inside() {
    // The io error says nothing itself, so what it carries is all there is.
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
    assert_eq!(CLOSED.verdict(&Closed(4000)), verdict(Ranked::Bare));
}

mod hygiene {
    //! Names of the user's that the expansion must not meet.
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
fn nothing_of_the_users_is_in_the_way() {
    static MACROED: Classifier = Classifier::with(&[derived::<hygiene::Macroed>]);
    let code = |error| END.failed(&MACROED, &error).code();
    assert_eq!(code(hygiene::Macroed::Ours { inside: 1 }), Some(Code::exit(2)));
    assert_eq!(code(hygiene::Macroed::Mentioned { inside: 40 }), Some(Code::tls(40)));
    assert_eq!(MACROED.verdict(&hygiene::Macroed::Maybe(Some(reset_error()))), reset());
    assert_eq!(END.failed(&MACROED, &hygiene::Macroed::Own).reason_as(), Some(Leave::Kicked));
}

/// The four that `side = Network` does not go with are in `ui/evidence/network-ends-on-purpose.rs`.
#[test]
fn the_network_may_end_for_every_reason_that_is_not_on_purpose() {
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
