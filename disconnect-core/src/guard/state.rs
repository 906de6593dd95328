//! What is known of the end of one connection so far, and which of two ends stays.

use super::sync::{Arc, Mutex, lock};
use crate::category::Category;
use crate::endpoint::Endpoint;
use crate::record::{Disconnect, Origin};
use crate::verdict::Rank;
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// What a guard knows of its own connection. Once somebody else has to know, it moves into what they share.
#[derive(Debug)]
pub(super) struct State {
    end: Option<Disconnect>,
    direction: Option<&'static Category>,
    /// The initiator that stands for the peer.
    peer: Option<&'static Category>,
    method: Option<&'static Category>,
}

/// What a guard, its handles and the guards under it share.
#[derive(Debug)]
pub(super) struct Shared(Mutex<Joint>);

#[derive(Debug)]
struct Joint {
    state: State,
    /// What this connection runs in: where it has no end of its own, it has that one's.
    upper: Option<Arc<Shared>>,
    /// The connection is not up yet: there is no line to write.
    is_connecting: bool,
    /// The guard was dropped: nothing changes any more.
    is_over: bool,
}

/// A state, wherever it is, together with what it has to be held against.
pub(super) struct Access<'a> {
    state: &'a mut State,
    upper: Option<&'a Shared>,
    is_over: bool,
}

/// What became of an end that was set.
///
/// It may be dropped without a warning: whatever it says, there will be one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOutcome {
    /// It is the end of this connection, unless stronger evidence comes; or, of a goodbye that got no answer, it has
    /// become part of the end that was there.
    Kept,
    /// An end that was set before stays.
    Ignored,
    /// The line was written before. Here is the end back.
    TooLate(Disconnect),
}

impl Shared {
    pub(super) fn new(state: State, upper: Option<Arc<Self>>) -> Self {
        Self(Mutex::new(Joint { state, upper, is_connecting: false, is_over: false }))
    }

    /// Gives access to the state. Whoever holds it may ask the upper ones, and never the other way round.
    pub(super) fn with<T>(&self, work: impl FnOnce(Access<'_>) -> T) -> T {
        let Joint { state, upper, is_over, .. } = &mut *lock(&self.0);
        work(Access { state, upper: upper.as_deref(), is_over: *is_over })
    }

    /// The guard is dropped: what its line says, or `None` where the connection never came up.
    pub(super) fn finish(&self, panicking: bool) -> Option<Disconnect> {
        let joint = &mut *lock(&self.0);
        let access = Access { state: &mut joint.state, upper: joint.upper.as_deref(), is_over: false };
        joint.is_over = true;
        let end = access.finish(panicking);
        (!joint.is_connecting).then(|| end.clone())
    }

    /// What the line said, once the guard was dropped.
    pub(super) fn end(&self) -> Disconnect {
        lock(&self.0).state.finish().clone()
    }

    pub(super) fn set_connecting(&self, is_connecting: bool) {
        lock(&self.0).is_connecting = is_connecting;
    }

    pub(super) fn upper(&self) -> Option<Arc<Self>> {
        lock(&self.0).upper.clone()
    }

    pub(super) fn set_upper(&self, upper: Arc<Self>) {
        lock(&self.0).upper = Some(upper);
    }
}

// What is inlined makes a guard without handles, whose first end is the only one, a few moves.
impl State {
    /// A connection.
    #[inline]
    pub(super) fn of(endpoint: Endpoint) -> Self {
        Self { end: None, direction: Some(endpoint.direction()), peer: endpoint.peer_initiator(), method: None }
    }

    /// No connection: what others may be under.
    pub(super) const EMPTY: Self = Self { end: None, direction: None, peer: None, method: None };

    pub(super) fn with_upper<'a>(&'a mut self, upper: Option<&'a Shared>) -> Access<'a> {
        Access { state: self, upper, is_over: false }
    }

    #[inline]
    pub(super) fn has_end(&self) -> bool {
        self.end.is_some()
    }

    /// Sets the end where there is none yet, and nothing else that it would have to compete with.
    #[inline]
    pub(super) fn set_first(&mut self, end: Disconnect) {
        self.end = Some(end);
    }

    /// The guard is dropped: what its line says, where nobody else has a say.
    #[inline]
    pub(super) fn finish(&mut self) -> &Disconnect {
        let end = self.end.get_or_insert_with(|| unexplained(DisconnectCause::Dropped));
        end.or_direction(self.direction);
        end.or_method(self.method);
        end
    }
}

impl<'a> Access<'a> {
    pub(super) fn set(&mut self, end: Disconnect) -> SetOutcome {
        if self.is_over {
            return SetOutcome::TooLate(end);
        }
        // What ended the upper one before this was set came first.
        self.adopt();
        if self.state.offer(end) { SetOutcome::Kept } else { SetOutcome::Ignored }
    }

    pub(super) fn set_on_drop(&mut self, end: Disconnect) {
        // The last call counts.
        self.state.end.take_if(|end| end.origin() == Origin::OnDrop);
        self.set(end.with_origin(Origin::OnDrop));
    }

    pub(super) fn set_method(&mut self, method: &'static Category) {
        self.state.method = Some(method);
    }

    /// The end so far, were the guard dropped in good order now.
    pub(super) fn get(&mut self) -> Option<&Disconnect> {
        self.adopt();
        self.state.end.as_ref().filter(|end| self.is_over || end.origin() != Origin::OnDrop)
    }

    /// The guard is dropped: what its line says.
    pub(super) fn finish(mut self, panicking: bool) -> &'a Disconnect {
        self.adopt();
        self.state.method = self.method();
        if panicking {
            self.state.offer(unexplained(DisconnectCause::Panicked));
        }
        self.state.finish()
    }

    /// Takes over the end of the upper one, as if it had been set here.
    fn adopt(&mut self) {
        if self.is_over {
            return;
        }
        if let Some(end) = self.upper.and_then(|upper| upper.with(|mut upper| upper.lend())) {
            self.state.offer(end);
        }
    }

    /// The end as one that runs inside has it.
    fn lend(&mut self) -> Option<Disconnect> {
        let end = self.get()?.clone();
        let origin = match end.origin() {
            // It was about this one, and has happened.
            Origin::OnDrop => Origin::Site,
            _ if self.state.is_stated_by_peer(&end) => Origin::Peer,
            origin @ (Origin::Site | Origin::Peer | Origin::Shutdown) => origin,
        };
        // The layer is the inner one's own.
        Some(end.without_direction().with_origin(origin))
    }

    /// Over which path the connection ran, or what it runs in.
    fn method(&self) -> Option<&'static Category> {
        self.state.method.or_else(|| self.upper?.with(|upper| upper.method()))
    }
}

impl State {
    /// Lets an end compete with the one that is there, and tells whether it left anything.
    fn offer(&mut self, next: Disconnect) -> bool {
        let comes = self.kind(&next);
        let Some(there) = self.end.as_ref().map(|first| self.kind(first)) else {
            self.end = Some(next);
            return true;
        };
        if comes.strength().comes > there.strength().stands {
            self.end = Some(next);
            return true;
        }
        match &mut self.end {
            // Its goodbye got no answer: the same end, which must not look like a clean one.
            Some(first) if (there, comes) == (Kind::Ours, Kind::Ours) && next.is_deadline() => {
                first.was_not_in_time(next)
            }
            _ => false,
        }
    }

    fn kind(&self, end: &Disconnect) -> Kind {
        match end.evidence_rank() {
            _ if end.origin() == Origin::OnDrop => Kind::OnDrop,
            Rank::FollowOn | Rank::Timeout if end.is_deadline() => Kind::Deadline,
            Rank::FollowOn => Kind::FollowOn,
            Rank::BrokenPipe => Kind::BrokenPipe,
            Rank::Transport | Rank::Timeout => Kind::Lost,
            Rank::Stated if self.is_stated_by_peer(end) => Kind::Peer,
            Rank::Violation | Rank::Stated if end.expected() => Kind::Ours,
            Rank::Violation | Rank::Stated => Kind::Failed,
        }
    }

    /// Whether the peer said so: it is known from the evidence, or the site names the peer.
    fn is_stated_by_peer(&self, end: &Disconnect) -> bool {
        let names_peer = || self.peer.is_some_and(|peer| end.initiator().map(Category::as_str) == Some(peer.value));
        match end.origin() {
            _ if end.evidence_rank() != Rank::Stated => false,
            Origin::Peer => true,
            Origin::Site => names_peer(),
            Origin::Shutdown | Origin::OnDrop => false,
        }
    }
}

#[cold]
fn unexplained(cause: DisconnectCause) -> Disconnect {
    Disconnect::new(DisconnectReason::Unknown).with_cause(cause)
}

/// What an end is, as far as others may take its place.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// What a bare drop means.
    OnDrop,
    /// One operation was not done in time: the connection may well be alive.
    Deadline,
    /// Something has ended before, and this only shows it.
    FollowOn,
    /// The same, and it was the connection.
    BrokenPipe,
    /// An end of file, a reset, silence: the end, and only the peer can still say why.
    Lost,
    /// An expected end that is not the peer's: mostly our own.
    Ours,
    /// A violation, or an unexpected end that a site knew of.
    Failed,
    /// The peer said so itself.
    Peer,
}

/// How firmly an end stands once it is there, and how strongly it comes while another one is.
struct Strength {
    stands: u8,
    comes: u8,
}

impl Kind {
    /// The rule: an end takes the place of another where it comes with more than the other stands with.
    #[rustfmt::skip]
    const fn strength(self) -> Strength {
        match self {
            Self::OnDrop     => Strength { stands: 0, comes: 0 },
            Self::Deadline   => Strength { stands: 1, comes: 1 },
            Self::FollowOn   => Strength { stands: 2, comes: 2 },
            Self::BrokenPipe => Strength { stands: 3, comes: 3 },
            Self::Lost       => Strength { stands: 4, comes: 4 },
            // What broke the connection before is not covered up by what we would have closed it for.
            Self::Ours       => Strength { stands: 5, comes: 2 },
            Self::Failed     => Strength { stands: 5, comes: 4 },
            // The peer's word explains the loss that it arrived with.
            Self::Peer       => Strength { stands: 5, comes: 5 },
        }
    }
}
