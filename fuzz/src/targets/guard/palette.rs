//! The ends that connections get here, each with what it is by the documentation of the guard.

use std::fmt;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{
    Code, DisconnectCause as Cause, DisconnectField, DisconnectInitiator, DisconnectReason as Reason, Endpoint, Peer,
};

/// The rows of the guard's table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    OnDrop,
    Deadline,
    NotUnderstood,
    FollowOn,
    Fin,
    BrokenPipe,
    Lost,
    Silent,
    Ours,
    Failed,
    Violation,
    Goodbye,
    Complaint,
    Panicked,
}

impl Kind {
    /// The table.
    pub(crate) fn replaces(self, first: Self) -> bool {
        use Kind::{
            BrokenPipe, Complaint, Deadline, Failed, Fin, FollowOn, Goodbye, Lost, NotUnderstood, OnDrop, Ours,
            Panicked, Silent, Violation,
        };
        match first {
            OnDrop => true,
            Deadline => !matches!(self, OnDrop | Deadline),
            NotUnderstood => matches!(self, BrokenPipe | Lost | Silent | Violation | Failed | Complaint | Panicked),
            FollowOn => self.replaces(NotUnderstood) || self == Goodbye,
            Fin => !matches!(self, OnDrop | FollowOn | Fin | Ours),
            BrokenPipe => matches!(self, Lost | Silent | Violation | Failed | Goodbye | Complaint | Panicked),
            Lost => matches!(self, Violation | Goodbye | Complaint),
            Silent => matches!(self, Violation | Complaint),
            Ours => self == Panicked,
            Failed | Violation | Goodbye | Complaint | Panicked => false,
        }
    }
}

/// What somebody says of the end of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    pub(crate) kind: Kind,
    pub(crate) verdict: Verdict,
    pub(crate) detail: Option<&'static str>,
}

impl Said {
    /// What `io::ErrorKind::ConnectionReset` says.
    pub(crate) const RESET: Self = Self {
        kind: Kind::Lost,
        verdict: Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Reset),
        detail: Some("connection reset"),
    };
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = DOWN.resolve(self.verdict).with_detail(self.detail.unwrap_or_default());
        write!(f, "{:?} {end:?}", self.kind)
    }
}

/// At least one of each kind that can be said.
pub(crate) fn palette() -> Vec<Said> {
    let network = |cause| Verdict::new(Reason::NetworkError, Side::Network).with_cause(cause);
    let unknown = |side| Verdict::new(Reason::Unknown, side);
    let said = |kind, verdict| Said { kind, verdict, detail: None };
    vec![
        said(Kind::Deadline, network(Cause::Deadline)),
        said(Kind::NotUnderstood, unknown(Side::Unknown).with_rank(Rank::NotUnderstood)),
        said(Kind::FollowOn, unknown(Side::Unknown).with_rank(Rank::FollowOn)),
        said(Kind::Fin, Verdict::closed(Side::Remote).with_rank(Rank::Transport).with_cause(Cause::Fin)),
        said(Kind::BrokenPipe, network(Cause::BrokenPipe)),
        said(Kind::Lost, network(Cause::UncleanEof)),
        said(Kind::Lost, network(Cause::Reset)),
        said(Kind::Silent, network(Cause::IdleTimeout)),
        said(Kind::Silent, network(Cause::KeepaliveTimeout)),
        said(Kind::Violation, Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed)),
        said(Kind::Violation, Verdict::new(Reason::ProtocolError, Side::Local)),
        said(Kind::Goodbye, Verdict::closed(Side::Remote)),
        said(Kind::Goodbye, Code::websocket(1001).received()),
        said(Kind::Complaint, Code::websocket(1008).received()),
        said(Kind::Complaint, Code::websocket(1011).received()),
        said(Kind::Complaint, unknown(Side::Remote).with_cause(Cause::Kicked).said_by_peer()),
        said(Kind::Ours, Verdict::closed(Side::Local)),
        said(Kind::Ours, Verdict::going_away(Side::Local)),
        said(Kind::Ours, Code::websocket(1001).sent()),
        said(Kind::Ours, Verdict::closed(Side::Local).with_cause(Cause::IdleTimeout)),
        said(Kind::Ours, Verdict::closed(Side::Local).with_cause(Cause::Overload)),
        said(Kind::Ours, Verdict::new(Reason::WorkspaceStopped, Side::Local)),
        said(Kind::Failed, Verdict::new(Reason::ControlPlaneLost, Side::Local)),
        said(Kind::Failed, Code::websocket(1011).sent()),
        said(Kind::Failed, unknown(Side::Remote).with_cause(Cause::Kicked)),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
pub(crate) enum Party {
    Client,
    Proxy,
    Backend,
    Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Link {
    Downstream,
    Upstream,
}

pub(crate) const DOWN: Endpoint = Endpoint::between(&Party::Proxy, Peer::client(&Party::Client), &Link::Downstream);
pub(crate) const UP: Endpoint = Endpoint::between(&Party::Proxy, Peer::server(&Party::Backend), &Link::Upstream);

pub(crate) const ENDPOINTS: [Endpoint; 6] = [
    DOWN,
    UP,
    Endpoint::AGENT_FACING_SERVER,
    Endpoint::SERVER_FACING_AGENT,
    Endpoint::AGENT_FACING_CLIENT,
    Endpoint::CLIENT_FACING_SERVER,
];

/// The verdict by the peer of this endpoint, by its name.
pub(crate) fn by_peer_of(endpoint: Endpoint, verdict: Verdict) -> Verdict {
    let by_peer = endpoint.resolve(Verdict::closed(Side::Remote));
    match (by_peer.initiator_as::<DisconnectInitiator>(), by_peer.initiator_as::<Party>()) {
        (Some(ours), _) => verdict.by(ours),
        (None, Some(party)) => verdict.by(party),
        (None, None) => verdict,
    }
}
