//! The shared state behind a guard: the record of one connection, or of the two connections of a pair.
//!
//! A thread never holds the locks of two connections at once, so that no deadlock is possible. The only exception is
//! `ConnectionRef::join`. `verdict/precedence.rs` decides which of two records wins. `sights.rs` handles the
//! observations of watched streams.

mod sights;

use std::boxed::Box;
use std::io::ErrorKind;
use std::ptr;
use std::vec::Vec;

use super::outcome::SetOutcome;
use super::shutdown::Announcement;
use super::sync::{Arc, Mutex, MutexGuard, NESTING, get_mut, lock};
use super::transport::{Sight, Witness};
use crate::category::Category;
use crate::endpoint::Endpoint;
use crate::evidence::AsError;
use crate::record::{Disconnect, Origin, SharedTraffic};
use crate::verdict::{Effect, Kind, Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// A reference to the shared state of one connection. Its guard and each of its handles hold one.
#[derive(Clone, Debug)]
pub(super) struct ConnectionRef {
    shared: Arc<Shared>,
    is_second: bool,
}

/// The state that a guard, its handles and the guards nested in it share.
#[derive(Debug)]
pub(super) struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    end: Option<Disconnect>,
    /// Whether the endpoint of the second connection resolved the record.
    is_end_of_second: bool,
    /// The record was inherited from an outer connection or a shutdown.
    is_inherited: bool,
    /// The kind of the connection's own record that the inherited one replaced. A later inherited one has to replace it too.
    own: Option<Kind>,
    /// A late record was reported. Only the first one is.
    has_reported_late: bool,
    /// Who reported the record.
    witness: Witness,
    stages: [Stage; 2],
    first: Leg,
    /// The second connection of a pair.
    second: Option<Box<Leg>>,
}

#[derive(Clone, Debug)]
struct Leg {
    endpoint: Endpoint,
    method: Option<&'static Category>,
    /// The watched streams and the clock. After the guard is dropped, the totals of its line.
    traffic: Option<SharedTraffic>,
    outer: Option<Outer>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Not established: no line is written.
    Connecting,
    Up,
    /// The guard was dropped and its line was written, so the record is final.
    Over,
    /// The guard was dropped without a line.
    Gone,
}

/// What a connection passes on to the connections nested in it.
#[derive(Default)]
struct Inherited {
    end: Option<Disconnect>,
    around: OuterFacts,
}

/// What a connection inherits beside the record.
#[derive(Clone, Copy, Default)]
struct OuterFacts {
    method: Option<&'static Category>,
    /// The peer of the outer connection is silent, and its line is not written yet. Errors inside may be consequences.
    is_silent: bool,
}

/// A connection and what it inherits, while the walk through the outer connections goes on.
struct Step {
    connection: ConnectionRef,
    /// The index of the step that inherits from this one, and whether its second connection does.
    of: (usize, bool),
    inherited: [Inherited; 2],
}

/// What a connection is nested in.
#[derive(Clone, Debug)]
pub(super) enum Outer {
    Connection(ConnectionRef),
    Shutdown(Arc<Announcement>),
    /// The state has moved: this connection is the second one of that pair.
    MovedTo(Arc<Shared>),
}

impl ConnectionRef {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let first = Leg { endpoint, method: None, traffic: None, outer: None };
        let state = State {
            end: None,
            is_end_of_second: false,
            is_inherited: false,
            own: None,
            has_reported_late: false,
            witness: Witness::Protocol,
            stages: [Stage::Up; 2],
            first,
            second: None,
        };
        Self { shared: Arc::new(Shared(Mutex::new(state))), is_second: false }
    }

    /// Locks the state and runs `work` on it, also if it has moved.
    fn with<T>(&self, work: impl FnOnce(&mut State, bool) -> T) -> T {
        let mut home = None;
        let (mut state, is_second) = self.lock(&mut home);
        work(&mut state, is_second)
    }

    /// Like `with`, for a state that is up to date.
    fn up_to_date<T>(&self, work: impl FnOnce(&mut State, bool, OuterFacts) -> T) -> T {
        let mut home = None;
        let (mut state, is_second, around) = self.lock_up_to_date(&mut home);
        work(&mut state, is_second, around)
    }

    /// Locks the state. If it has moved, `home` keeps it alive. Not generic, so that it is compiled once.
    fn lock<'a>(&'a self, home: &'a mut Option<Arc<Shared>>) -> (MutexGuard<'a, State>, bool) {
        let state = lock(&self.shared.0);
        let Some(Outer::MovedTo(moved)) = &state.first.outer else { return (state, self.is_second) };
        let moved = moved.clone();
        drop(state);
        (lock(&home.insert(moved).0), true)
    }

    /// Like `lock`, after the connection has inherited the records of its outer connections.
    fn lock_up_to_date<'a>(&'a self, home: &'a mut Option<Arc<Shared>>) -> (MutexGuard<'a, State>, bool, OuterFacts) {
        let inherited = self.inherited();
        let (mut state, is_second) = self.lock(home);
        let around = outer_facts_of(&inherited, is_second);
        state.inherit_all(inherited);
        (state, is_second, around)
    }

    /// Returns what each of the two connections inherits. The outermost come first, as if their records had been set
    /// here at the same time. Not recursive, because a chain may be long.
    fn inherited(&self) -> [Inherited; 2] {
        // The common case, without an allocation.
        if self.with(|state, _| state.outer_connections().next().is_none()) {
            return Default::default();
        }
        let mut steps = Vec::from([Step { connection: self.clone(), of: (0, false), inherited: Default::default() }]);
        let mut next = 0;
        while let Some(step) = steps.get(next) {
            for (connection, is_of_second) in step.connection.outer_connections() {
                steps.push(Step { connection, of: (next, is_of_second), inherited: Default::default() });
            }
            next += 1;
        }
        while let Some(Step { connection, of: (inner, is_of_second), inherited }) = steps.pop() {
            let Some(inner) = steps.get_mut(inner) else { return inherited };
            inner.inherited[usize::from(is_of_second)] = connection.with(|state, is_second| {
                let around = outer_facts_of(&inherited, is_second);
                state.inherit_all(inherited);
                state.pass_on(is_second, around)
            });
        }
        Default::default()
    }

    pub(super) fn set(&self, end: Disconnect) -> SetOutcome {
        // The common case, which the caller inlines: no other record, no outer connection and no pair.
        {
            let mut state = lock(&self.shared.0);
            let is_same_layer = end.direction().is_none_or(|layer| ptr::eq(layer, state.first.endpoint.direction()));
            if is_same_layer
                && state.end.is_none()
                && state.first.outer.is_none()
                && state.second.is_none()
                && !state.is_over()
            {
                state.end = Some(end.once_dropped());
                state.is_end_of_second = self.is_second;
                return SetOutcome::Kept;
            }
        }
        self.set_against_others(end)
    }

    #[inline(never)]
    fn set_against_others(&self, end: Disconnect) -> SetOutcome {
        let outcome = self.up_to_date(|state, is_second, _| {
            let end = state.leg(is_second).endpoint.adopt(end.once_dropped());
            if state.is_over() {
                let is_reportable = state.is_reportable_late(&end, is_second);
                return Err((end, is_reportable));
            }
            Ok(if state.offer(end, is_second) { SetOutcome::Kept } else { SetOutcome::Ignored })
        });
        outcome.unwrap_or_else(|(end, is_reportable)| {
            if is_reportable {
                super::late::report(&end);
            }
            SetOutcome::TooLate(end)
        })
    }

    pub(super) fn failed<M, E: AsError<M> + ?Sized>(&self, error: &E) -> SetOutcome {
        self.set(self.endpoint().failed_with_detail(error))
    }

    /// Handles an observation of a watched stream that this side has not closed.
    pub(super) fn saw(&self, sight: Sight<'_>) {
        let endpoint = self.endpoint();
        // Outside the lock, because the classifier calls readers of the user.
        let (end, witness) = match sight {
            Sight::Fin => (endpoint.eof(), Witness::Fin),
            Sight::CloseNotify => (endpoint.closed_by_peer(), Witness::Fin),
            Sight::Failed(error) => (endpoint.failed_with_detail(error), Witness::Failure),
        };
        let late = self.up_to_date(|state, is_second, _| {
            if !state.is_over() {
                state.offer_sight(end, witness, is_second);
                return None;
            }
            state.is_reportable_late(&end, is_second).then_some(end)
        });
        if let Some(end) = late {
            super::late::report(&end);
        }
    }

    /// Handles an observation of a watched stream that this side has closed. It usually is the answer to that. But if
    /// this side only forwarded the FIN or the `close_notify` of the other connection of a pair, a failure replaces that. An
    /// end of file is no failure, also if TLS reports it as an error.
    pub(super) fn saw_after_close(&self, sight: Sight<'_>) {
        let Sight::Failed(error) = sight else { return };
        let is_end_of_file = error.kind() == ErrorKind::UnexpectedEof;
        if !is_end_of_file && self.with(|state, is_second| state.has_half_close_of_other(is_second)) {
            self.saw(sight);
        }
    }

    /// Replaces the counters of this connection by the result of `add`.
    pub(super) fn add_traffic(&self, add: impl FnOnce(Option<SharedTraffic>) -> SharedTraffic) -> SharedTraffic {
        self.with(|state, is_second| {
            if matches!(state.stage(is_second), Stage::Over | Stage::Gone) {
                return add(None);
            }
            let leg = state.leg(is_second);
            leg.traffic.insert(add(leg.traffic.clone())).clone()
        })
    }

    pub(super) fn set_on_drop(&self, end: Disconnect) {
        self.up_to_date(|state, is_second, _| {
            if state.is_over() {
                return;
            }
            // A later call replaces an earlier one.
            state.end.take_if(|end| end.origin() == Origin::OnDrop);
            state.offer(end.with_origin(Origin::OnDrop), is_second);
        });
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.with(|state, is_second| state.leg(is_second).endpoint)
    }

    pub(super) fn set_endpoint(&self, endpoint: Endpoint) {
        self.with(|state, is_second| {
            // A record that was set before keeps the roles of the endpoint that resolved it.
            if matches!(state.stage(is_second), Stage::Over | Stage::Gone) {
                return;
            }
            if state.is_end_of_second == is_second {
                let is_inherited = state.is_inherited;
                let end = state.end.as_ref().filter(|end| is_inherited || end.origin() == Origin::OnDrop);
                if let Some(end) = end.map(|end| endpoint.translate(end)) {
                    state.end = Some(end);
                }
            }
            state.leg(is_second).endpoint = endpoint;
        });
    }

    pub(super) fn set_method(&self, method: &'static Category) {
        self.with(|state, is_second| {
            if !matches!(state.stage(is_second), Stage::Over | Stage::Gone) {
                state.leg(is_second).method = Some(method);
            }
        });
    }

    pub(super) fn set_connecting(&self) {
        self.with(|state, is_second| *state.stage(is_second) = Stage::Connecting);
    }

    pub(super) fn set_established(&self) {
        self.with(|state, is_second| {
            let stage = state.stage(is_second);
            if *stage == Stage::Connecting {
                *stage = Stage::Up;
            }
        });
    }

    /// Returns the current record with the roles of this connection, or the logged one if the guard is dropped.
    pub(super) fn get(&self) -> Option<Disconnect> {
        self.up_to_date(|state, is_second, _| {
            let is_over = state.is_over();
            state.logged_record(is_second).filter(|end| is_over || end.origin() != Origin::OnDrop)
        })
    }

    /// Returns the record for an end without an explanation.
    pub(super) fn unexplained(&self) -> Disconnect {
        // The lowest rank that a reader gives, so that any other record wins.
        self.endpoint().resolve(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn))
    }

    /// Finishes a guard without handles, without a lock, and returns the record to log. `Err` if another reference
    /// exists.
    pub(super) fn finish_alone(&mut self) -> Result<Option<&Disconnect>, ()> {
        let Shared(state) = Arc::get_mut(&mut self.shared).ok_or(())?;
        let state = get_mut(state);
        if state.first.outer.is_some() || state.second.is_some() || state.first.traffic.is_some() {
            return Err(());
        }
        Ok(state.finish_alone())
    }

    /// Finishes the guard and returns the record to log. `None` if the connection was never established.
    #[inline(never)]
    pub(super) fn finish(&self, panicking: bool) -> Option<Disconnect> {
        self.up_to_date(|state, is_second, around| {
            let is_connecting = *state.stage(is_second) == Stage::Connecting;
            let is_final = state.is_over();
            // A connection that was never established has no effect on the other one of its pair.
            let is_silent = is_connecting && state.second.is_some();
            if !is_final && !is_silent {
                state.settle(panicking, is_second, around);
            }
            let leg = state.leg(is_second);
            leg.method = leg.method.or(around.method);
            leg.traffic = leg.traffic.as_ref().map(|traffic| traffic.sums());
            *state.stage(is_second) = if is_connecting { Stage::Gone } else { Stage::Over };
            if state.all_over() {
                // Drops the outer connections, so that a long chain of connections does not keep all of them in memory.
                state.legs().for_each(|leg| leg.outer = None);
            }
            let mut end = state.logged_record(is_second).filter(|_| !is_connecting)?;
            if panicking && is_final && end.expected() {
                // The line of the other connection is written, but this one still reports its panic.
                end.refine(&end.clone(), Some(DisconnectCause::Panicked.category()));
            }
            Some(end)
        })
    }

    pub(super) fn discard(&self) {
        self.set_connecting();
        self.finish(false);
    }

    /// Nests this connection in another one, or puts it under a shutdown.
    pub(super) fn set_outer(&self, outer: Outer) {
        let put = |outer| {
            self.with(|state, is_second| {
                if !state.is_over() {
                    state.leg(is_second).outer = Some(outer);
                }
            });
        };
        let Outer::Connection(around) = &outer else { return put(outer) };
        // No connection can be nested in a guard without handles, so there is no cycle.
        if Arc::strong_count(&self.shared) == 1 {
            return put(outer);
        }
        let _nesting = lock(&NESTING);
        let home = self.home();
        if !around.runs_in(&home) {
            put(outer);
        }
    }

    /// Joins another connection to this one, so that they share one record. `None` if one of them is already in a pair.
    pub(super) fn join(&self, other: &Self) -> Option<Self> {
        let _nesting = lock(&NESTING);
        let is_paired = |connection: &Self| connection.with(|state, is_second| is_second || state.second.is_some());
        if is_paired(self) || is_paired(other) || Arc::ptr_eq(&self.shared, &other.shared) {
            return None;
        }
        // Both inherit first, so that records of outer connections count, even if they were not read yet.
        self.get();
        other.get();
        let outers = [self, other].map(|connection| {
            lock(&connection.shared.0).first.outer.clone().filter(|outer| match outer {
                Outer::Connection(around) => !around.runs_in(&self.shared) && !around.runs_in(&other.shared),
                Outer::Shutdown(_) | Outer::MovedTo(_) => true,
            })
        });
        // The only place that holds two locks. `NESTING` serializes the joins.
        let (mut state, mut theirs) = (lock(&self.shared.0), lock(&other.shared.0));
        state.second = Some(Box::new(theirs.first.clone()));
        *state.stage(true) = *theirs.stage(false);
        for (leg, outer) in state.legs().zip(outers) {
            leg.outer = outer;
        }
        theirs.first.outer = Some(Outer::MovedTo(self.shared.clone()));
        if let Some(end) = theirs.end.take() {
            match theirs.witness {
                Witness::Protocol if theirs.is_inherited => state.inherit(end, true),
                Witness::Protocol => drop(state.offer(end, true)),
                witness @ (Witness::Fin | Witness::Failure) => state.offer_sight(end, witness, true),
            }
        }
        drop((state, theirs));
        Some(Self { shared: self.shared.clone(), is_second: true })
    }

    /// Returns the shared state, also if it has moved.
    fn home(&self) -> Arc<Shared> {
        match &lock(&self.shared.0).first.outer {
            Some(Outer::MovedTo(home)) => home.clone(),
            Some(Outer::Connection(_) | Outer::Shutdown(_)) | None => self.shared.clone(),
        }
    }

    /// Returns the outer connections of both connections, and whether each is that of the second one.
    fn outer_connections(&self) -> Vec<(Self, bool)> {
        self.with(|state, _| state.outer_connections().collect())
    }

    /// Whether this connection is `other`, or is nested in it.
    fn runs_in(&self, other: &Arc<Shared>) -> bool {
        let mut next = Vec::from([self.clone()]);
        while let Some(connection) = next.pop() {
            if Arc::ptr_eq(&connection.home(), other) {
                return true;
            }
            next.extend(connection.outer_connections().into_iter().map(|(around, _)| around));
        }
        false
    }
}

impl State {
    fn finish_alone(&mut self) -> Option<&Disconnect> {
        let Leg { endpoint, method, traffic: _, outer: _ } = &self.first;
        let end = self.end.get_or_insert_with(|| unexplained(*endpoint, DisconnectCause::Dropped));
        end.or_direction(endpoint.direction());
        end.or_method(*method);
        // The record may come from another guard, with its counts.
        end.set_traffic(None);
        let [stage, _] = self.stages;
        (stage != Stage::Connecting).then_some(end)
    }

    fn leg(&mut self, is_second: bool) -> &mut Leg {
        match &mut self.second {
            Some(second) if is_second => second,
            Some(_) | None => &mut self.first,
        }
    }

    fn legs(&mut self) -> impl Iterator<Item = &mut Leg> {
        std::iter::once(&mut self.first).chain(self.second.as_deref_mut())
    }

    /// Returns the outer connection of each of the two, or only one if both have the same.
    fn outer_connections(&self) -> impl Iterator<Item = (ConnectionRef, bool)> {
        let around = |leg: &Leg| match &leg.outer {
            Some(Outer::Connection(around)) => Some(around.clone()),
            Some(Outer::Shutdown(_) | Outer::MovedTo(_)) | None => None,
        };
        let first = around(&self.first);
        let second = self.second.as_deref().and_then(around);
        let second =
            second.filter(|second| !first.as_ref().is_some_and(|first| Arc::ptr_eq(&first.shared, &second.shared)));
        first.map(|connection| (connection, false)).into_iter().chain(second.map(|connection| (connection, true)))
    }

    fn stage(&mut self, is_second: bool) -> &mut Stage {
        let [first, second] = &mut self.stages;
        if is_second { second } else { first }
    }

    /// Whether the record is final: a line was written, also by the other connection of a pair, or both guards are
    /// dropped.
    fn is_over(&self) -> bool {
        self.has_line() || self.all_over()
    }

    fn has_line(&self) -> bool {
        self.stages.contains(&Stage::Over)
    }

    fn all_over(&self) -> bool {
        let is_over = |stage| matches!(stage, Stage::Over | Stage::Gone);
        let [first, second] = self.stages;
        is_over(first) && (is_over(second) || self.second.is_none())
    }

    /// Returns the record with the roles of one of the two connections.
    fn record_for(&mut self, is_second: bool) -> Option<Disconnect> {
        let end = self.end.clone()?;
        let is_across = self.is_across(is_second);
        let leg = self.leg(is_second);
        let mut end = if is_across { leg.endpoint.translate(&end) } else { end };
        end.or_direction(leg.endpoint.direction());
        end.or_method(leg.method);
        end.set_traffic(None);
        Some(end)
    }

    /// Returns the record with the traffic of one of the two connections: what its line reports, or would report now.
    fn logged_record(&mut self, is_second: bool) -> Option<Disconnect> {
        let mut end = self.record_for(is_second)?;
        let traffic = self.leg(is_second).traffic.clone();
        let is_final = matches!(self.stage(is_second), Stage::Over | Stage::Gone);
        end.set_traffic(if is_final { traffic } else { traffic.map(|traffic| traffic.sums()) });
        Some(end)
    }

    /// Returns what the connections nested in this one inherit.
    fn pass_on(&mut self, is_second: bool, around: OuterFacts) -> Inherited {
        let has_line = self.has_line();
        let leg = self.leg(is_second);
        let (endpoint, method) = (leg.endpoint, leg.method.or(around.method));
        let is_silent = !has_line && leg.traffic.as_ref().is_some_and(|traffic| traffic.is_silent());
        let end = self.record_for(is_second).and_then(|end| match end.origin() {
            // The peer of a nested connection may be another party, so the record is marked as said by this peer.
            Origin::Site | Origin::Peer if endpoint.is_said_by_peer(&end) => Some(end.with_origin(Origin::Peer)),
            Origin::Site | Origin::Peer => Some(end),
            // A record for a drop applies inside only after this connection was dropped.
            Origin::OnDrop => has_line.then(|| explained_inside(end, endpoint).with_origin(Origin::Site)),
        });
        Inherited { end, around: OuterFacts { method, is_silent: is_silent || around.is_silent } }
    }

    /// Inherits the records of the shutdowns and outer connections of both connections.
    fn inherit_all(&mut self, [first, second]: [Inherited; 2]) {
        let first = self.inherited_end(first, false);
        let second = if self.second.is_some() { self.inherited_end(second, true) } else { None };
        let Some(second) = second else { return first.map_or((), |first| self.inherit(first, false)) };
        if let Some(first) = first.clone() {
            self.inherit(first, false);
        }
        self.inherit(second, true);
        // A connection that was nested anew may inherit a weaker record than before, which the first one replaces.
        if let Some(first) = first {
            self.inherit(first, false);
        }
    }

    /// The record that one of the two connections inherits, for its endpoint.
    fn inherited_end(&mut self, inherited: Inherited, is_second: bool) -> Option<Disconnect> {
        let Leg { endpoint, outer, .. } = self.leg(is_second);
        let said = match outer {
            Some(Outer::Shutdown(announcement)) => announcement.said(),
            Some(Outer::Connection(_) | Outer::MovedTo(_)) | None => None,
        };
        let Some(said) = said else { return inherited.end.map(|end| endpoint.translate(&end)) };
        Some(endpoint.resolve(said.verdict).with_detail_or_none(said.detail).of_shutdown(said.id))
    }

    /// Inherits a record from a shutdown or an outer connection.
    fn inherit(&mut self, inherited: Disconnect, is_second: bool) {
        if self.is_over() {
            return;
        }
        // The outer connection may have refined the record that was inherited before.
        let is_same = self.is_inherited && self.is_end_of_second == is_second;
        let comes = kind(&inherited, self.leg(is_second).endpoint);
        let own = if self.is_inherited { self.own } else { self.kind_of_end() };
        // Otherwise the line would depend on whether the connection was asked for its end in between.
        let beats_own = own.is_none_or(|own| comes.after(own) == Effect::Replaces);
        if beats_own && (is_same || self.effect(&inherited, is_second) == Effect::Replaces) {
            self.replace(inherited, is_second);
            self.is_inherited = true;
            self.own = own;
        }
    }

    /// Whether the current record is that of the other connection of a pair.
    fn is_across(&self, is_second: bool) -> bool {
        self.second.is_some() && self.is_end_of_second != is_second
    }

    /// The kind of the current record, for the endpoint that resolved it.
    fn kind_of_end(&self) -> Option<Kind> {
        let second = if self.is_end_of_second { self.second.as_deref() } else { None };
        Some(kind(self.end.as_ref()?, second.unwrap_or(&self.first).endpoint))
    }

    /// Returns what a new record does to the current one.
    fn effect(&mut self, next: &Disconnect, is_second: bool) -> Effect {
        let comes = kind(next, self.leg(is_second).endpoint);
        let Some(first) = self.kind_of_end() else { return Effect::Replaces };
        if comes == Kind::Goodbye && self.is_across(is_second) && self.is_failure_of_transport(first) {
            return Effect::IsIgnored;
        }
        match comes.after(first) {
            Effect::IsIgnored if comes == Kind::Lost && first == Kind::Ours && is_unreachable(next) => Effect::Refines,
            effect => effect,
        }
    }

    /// Whether the current record is a reset or a broken pipe. An end of file is none: it may be the peer's answer to a close.
    fn is_failure_of_transport(&self, kind: Kind) -> bool {
        let eof = DisconnectCause::UncleanEof.as_str();
        let is_eof = self.end.as_ref().and_then(Disconnect::cause).is_some_and(|cause| cause.value == eof);
        matches!(kind, Kind::BrokenPipe | Kind::Lost) && !is_eof
    }

    /// Applies the precedence rule to a new record. Returns whether the record was kept or added to the current one.
    fn offer(&mut self, mut next: Disconnect, is_second: bool) -> bool {
        if self.witness != Witness::Protocol {
            return self.offer_against_sight(next, is_second);
        }
        let effect = self.effect(&next, is_second);
        let comes = kind(&next, self.leg(is_second).endpoint);
        let Some(first) = &mut self.end else {
            self.replace(next, is_second);
            return true;
        };
        match effect {
            Effect::IsIgnored => false,
            Effect::Replaces if is_echo(first, &next) => false,
            Effect::Replaces => {
                if matches!(comes, Kind::Ours | Kind::Fin | Kind::Goodbye) && first.is_deadline() {
                    // The operation missed its deadline, whatever this side did after that.
                    next.refine(first, first.cause());
                }
                self.replace(next, is_second);
                true
            }
            Effect::Refines => {
                let unclean = unclean_cause(comes, &next);
                if unclean.is_none() && first.shutdown() == 0 {
                    // A second end by this side adds nothing. Only a connection under a shutdown may add its own code
                    // and detail.
                    return false;
                }
                let is_refined = first.refine(&next, unclean);
                self.is_inherited &= !is_refined;
                is_refined
            }
        }
    }

    /// Whether a record that comes after the line would have replaced or refined it. True at most once for each
    /// connection.
    fn is_reportable_late(&mut self, end: &Disconnect, is_second: bool) -> bool {
        let comes = kind(end, self.leg(is_second).endpoint);
        let is_better = match (self.effect(end, is_second), comes) {
            // Errors of these kinds only follow from the end of the task.
            (Effect::IsIgnored, _)
            | (Effect::Replaces, Kind::OnDrop | Kind::Deadline | Kind::FollowOn | Kind::BrokenPipe) => false,
            (Effect::Replaces, _) => true,
            (Effect::Refines, _) => unclean_cause(comes, end).is_some(),
        };
        is_better && self.has_line() && !std::mem::replace(&mut self.has_reported_late, true)
    }

    fn replace(&mut self, end: Disconnect, is_second: bool) {
        self.end = Some(end);
        self.is_end_of_second = is_second;
        self.is_inherited = false;
        self.own = None;
        self.witness = Witness::Protocol;
    }

    /// Completes the record when the guard is dropped.
    fn settle(&mut self, panicking: bool, is_second: bool, around: OuterFacts) {
        let endpoint = self.leg(is_second).endpoint;
        if !panicking {
            self.apply_local_close();
            if around.is_silent {
                // A library returns errors from its calls before it drops the stream.
                self.offer_sight(endpoint.keepalive_timeout(), Witness::Failure, is_second);
            }
        } else if self.witness != Witness::Protocol {
            self.offer(unexplained(endpoint, DisconnectCause::Panicked), is_second);
        } else {
            let panicked = unexplained(endpoint, DisconnectCause::Panicked);
            match self.kind_of_end().map(|first| Kind::Panicked.after(first)) {
                None | Some(Effect::Replaces) => self.replace(panicked, is_second),
                Some(Effect::Refines) => {
                    let cause = panicked.cause();
                    self.end.as_mut().map(|first| first.refine(&panicked, cause));
                }
                Some(Effect::IsIgnored) => {}
            }
        }
        if self.end.is_none() {
            // Marked as a drop, so that a later record counts as late.
            self.end = Some(unexplained(endpoint, DisconnectCause::Dropped).with_origin(Origin::OnDrop));
            self.is_end_of_second = is_second;
        }
    }
}

/// Returns what this connection inherits beside the record. Without a path, it inherits that of the other connection.
fn outer_facts_of([first, second]: &[Inherited; 2], is_second: bool) -> OuterFacts {
    let (own, other) = if is_second { (second.around, first.around) } else { (first.around, second.around) };
    OuterFacts { method: own.method.or(other.method), ..own }
}

/// The kind of a record, for the endpoint that resolved it.
fn kind(end: &Disconnect, endpoint: Endpoint) -> Kind {
    match end.origin() {
        Origin::OnDrop => Kind::OnDrop,
        Origin::Site | Origin::Peer => {
            Kind::of(end.evidence_rank(), endpoint.is_said_by_peer(end), end.expected(), end.cause())
        }
    }
}

/// The record for a task that ended without one.
fn unexplained(endpoint: Endpoint, cause: DisconnectCause) -> Disconnect {
    endpoint.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(cause))
}

/// The record of a dropped connection, for the connections nested in it. A drop does not describe the peer, so a
/// protocol violation or an error code that shows inside explains the drop, hence the rank. All other errors inside
/// only follow from it.
fn explained_inside(end: Disconnect, endpoint: Endpoint) -> Disconnect {
    let dropped = DisconnectCause::Dropped;
    if end.expected() || end.cause().is_none_or(|cause| cause.value != dropped.as_str()) {
        return end;
    }
    endpoint.resolve(Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(dropped).with_rank(Rank::Timeout))
}

/// Whether the peer only repeats the code with which this side closes for the first record.
fn is_echo(first: &Disconnect, next: &Disconnect) -> bool {
    let is_said = next.origin() == Origin::Peer && !first.expected();
    let echo = next.code().filter(|_| is_said).filter(|code| first.close_code(code.protocol()) == Some(*code));
    echo.is_some()
}

/// The cause that makes a normal end by this side unclean, if the later record is about its goodbye.
fn unclean_cause(comes: Kind, next: &Disconnect) -> Option<&'static Category> {
    let or_internal = |cause: Option<&'static Category>| cause.or(Some(DisconnectCause::InternalError.category()));
    match comes {
        // No answer arrived in time.
        Kind::Deadline | Kind::Silent => Some(DisconnectCause::Deadline.category()),
        Kind::NotUnderstood => Some(DisconnectCause::InternalError.category()),
        Kind::Violation | Kind::Complaint => or_internal(next.cause()),
        // A failure of another side may be a consequence.
        Kind::Failed => or_internal(next.cause()).filter(|_| next.side() == Some(Side::Local)),
        Kind::Ours | Kind::Panicked => next.cause().filter(|_| next.is_unclean()),
        Kind::Lost => next.cause().filter(|_| is_unreachable(next)),
        Kind::OnDrop | Kind::FollowOn | Kind::Fin | Kind::BrokenPipe | Kind::Goodbye => None,
    }
}

/// Unlike an end of file or a reset, this is no answer to a close by this side: mostly a back end refuses a connection.
fn is_unreachable(end: &Disconnect) -> bool {
    end.cause().is_some_and(|cause| cause.value == DisconnectCause::Unreachable.as_str())
}
