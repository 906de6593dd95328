//! What the documentation of the guard promises, as a program: no locks, no sharing, each rule where it is written.

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{ConnectionMethod, Disconnect, DisconnectCause, DisconnectReason, Endpoint, SetOutcome};

use super::palette::{Kind, Said};

/// An end of a connection.
#[derive(Clone)]
struct End {
    kind: Kind,
    /// The kind for connections under this one. Differs only for a drop.
    kind_inside: Kind,
    /// The record as the reporting connection logs it.
    record: Disconnect,
    /// The verdict for any other connection.
    absolute: Verdict,
    /// The shutdown that this end is.
    shutdown: Option<usize>,
}

impl End {
    fn of(said: Said, endpoint: Endpoint) -> Self {
        let record = endpoint.resolve(said.verdict);
        let record = said.detail.map_or(record.clone(), |detail| record.with_detail(detail));
        Self {
            kind: said.kind,
            kind_inside: said.kind,
            absolute: absolute(said.verdict, &record, endpoint),
            record,
            shutdown: None,
        }
    }

    /// The end of a guard that was dropped without a record.
    fn unexplained(kind: Kind, cause: DisconnectCause, endpoint: Endpoint) -> Self {
        let verdict = Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(cause);
        Self::of(Said { kind, verdict, detail: None }, endpoint)
    }

    /// Another connection logs the end with its own roles and layer.
    fn seen_from(&self, endpoint: Endpoint) -> Disconnect {
        let seen = endpoint.resolve(self.absolute);
        self.record.detail().map(str::to_owned).map_or(seen.clone(), |detail| seen.with_detail(detail))
    }

    fn is_unclean(&self) -> bool {
        // Unexpected records always warn, so ask an expected one with the same cause.
        let cause = self.record.cause_as::<DisconnectCause>();
        cause.is_some_and(|cause| Disconnect::new(DisconnectReason::Graceful).with_cause(cause).should_warn())
    }

    /// Adds a cause, and a code and a detail if there are none. Returns whether there was something to add.
    fn gains(&mut self, cause: Option<DisconnectCause>, from: &Disconnect) -> bool {
        let cause = cause.filter(|_| !self.is_unclean());
        let code = from.code().filter(|_| self.record.code().is_none());
        let detail = from.detail().filter(|_| self.record.detail().is_none());
        if let Some(cause) = cause {
            self.record = self.record.clone().with_cause(cause);
            self.absolute = self.absolute.with_cause(cause);
        }
        if let Some(code) = code {
            self.record = self.record.clone().with_code(code);
            self.absolute = self.absolute.with_code(code);
        }
        if let Some(detail) = detail {
            self.record = self.record.clone().with_detail(detail.to_owned());
        }
        cause.is_some() || code.is_some() || detail.is_some()
    }
}

/// This side is this side on every connection. The peer of one connection is named on another one.
fn absolute(verdict: Verdict, record: &Disconnect, endpoint: Endpoint) -> Verdict {
    if verdict.side() != Side::Remote {
        return verdict;
    }
    let reason = record.reason_as::<DisconnectReason>().expect("the palette has our reasons");
    let named = super::palette::by_peer_of(endpoint, Verdict::new(reason, Side::Unknown));
    let named = verdict
        .cause()
        .and_then(|cause| DisconnectCause::parse(cause.value))
        .map_or(named, |cause| named.with_cause(cause));
    verdict.code().map_or(named, |code| named.with_code(code))
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Connecting,
    Up,
    /// The guard is dropped, its line is written.
    Over,
    /// The guard is dropped without a line.
    Gone,
}

#[derive(Clone, Copy)]
enum Outer {
    /// A guard, and its group at the time of the call.
    Connection(usize, usize),
    Shutdown(usize),
}

#[derive(Clone)]
struct Leg {
    endpoint: Endpoint,
    method: Option<ConnectionMethod>,
    stage: Stage,
    outer: Option<Outer>,
}

/// One connection, or the two of a pair.
struct Group {
    legs: Vec<Leg>,
    end: Option<End>,
    /// The leg whose endpoint resolved the end.
    owner: usize,
    is_inherited: bool,
    /// What the inherited end replaced.
    own: Option<Kind>,
    has_reported_late: bool,
}

struct Announcement {
    said: Option<Verdict>,
    outer: Option<usize>,
}

#[derive(Default)]
pub(super) struct Model {
    groups: Vec<Group>,
    /// The group and the leg of each guard.
    places: Vec<(usize, usize)>,
    shutdowns: Vec<Announcement>,
    /// The number of late ends.
    pub(super) late: u64,
}

impl Model {
    pub(super) fn new_guard(&mut self, endpoint: Endpoint) {
        let leg = Leg { endpoint, method: None, stage: Stage::Up, outer: None };
        self.places.push((self.groups.len(), 0));
        let group =
            Group { legs: vec![leg], end: None, owner: 0, is_inherited: false, own: None, has_reported_late: false };
        self.groups.push(group);
    }

    pub(super) fn new_shutdown(&mut self) {
        self.shutdowns.push(Announcement { said: None, outer: None });
    }

    fn leg(&mut self, guard: usize) -> &mut Leg {
        let (group, leg) = self.places[guard];
        &mut self.groups[group].legs[leg]
    }

    pub(super) fn endpoint(&self, guard: usize) -> Endpoint {
        let (group, leg) = self.places[guard];
        self.groups[group].legs[leg].endpoint
    }

    /// The verdict of this shutdown, or else of the nearest one around it.
    fn said(&self, shutdown: usize) -> Option<(usize, Verdict)> {
        let Announcement { said, outer } = self.shutdowns[shutdown];
        said.map(|verdict| (shutdown, verdict)).or_else(|| outer.and_then(|outer| self.said(outer)))
    }

    pub(super) fn announce(&mut self, shutdown: usize, verdict: Verdict) -> SetOutcome {
        if self.said(shutdown).is_some() {
            return SetOutcome::Ignored;
        }
        self.shutdowns[shutdown].said = Some(verdict);
        SetOutcome::Kept
    }

    /// A call that would nest a shutdown in itself has no effect.
    pub(super) fn put_shutdown_under(&mut self, inner: usize, outer: usize) {
        let mut around = Some(outer);
        while let Some(next) = around {
            if next == inner {
                return;
            }
            around = self.shutdowns[next].outer;
        }
        self.shutdowns[inner].outer = Some(outer);
    }

    /// Whether one group is nested in the other one.
    fn runs_in(&self, group: usize, other: usize) -> bool {
        let mut around = self.groups[group].legs.iter().filter_map(|leg| match leg.outer {
            Some(Outer::Connection(guard, _)) => Some(self.places[guard].0),
            Some(Outer::Shutdown(_)) | None => None,
        });
        group == other || around.any(|around| self.runs_in(around, other))
    }

    /// A guard that is dropped is named by its handle, which keeps the group it was created with.
    pub(super) fn put_under_guard(&mut self, inner: usize, outer: usize, is_by_handle: bool) {
        let (group, outer_group) = (self.places[inner].0, self.places[outer].0);
        // Groups are numbered like the guards they were created with.
        let then = if is_by_handle { outer } else { outer_group };
        if !self.runs_in(outer_group, group) {
            self.put_under(inner, Outer::Connection(outer, then));
        }
    }

    pub(super) fn put_under_shutdown(&mut self, inner: usize, shutdown: usize) {
        self.put_under(inner, Outer::Shutdown(shutdown));
    }

    fn put_under(&mut self, inner: usize, outer: Outer) {
        if !self.groups[self.places[inner].0].is_over() {
            self.leg(inner).outer = Some(outer);
        }
    }

    /// A connection without an end inherits that of the outer one, whenever it is used. Returns the outer method of each
    /// leg.
    fn bring_up_to_date(&mut self, group: usize) -> Vec<Option<ConnectionMethod>> {
        let mut methods = Vec::new();
        let mut around: Option<usize> = None;
        let mut of_first: Option<End> = None;
        for leg in 0..self.groups[group].legs.len() {
            let Leg { endpoint, outer, .. } = self.groups[group].legs[leg].clone();
            let mut method = None;
            let inherited = match outer {
                // If both legs are in the same connection, the first one inherits.
                Some(Outer::Connection(_, then)) if around == Some(then) => None,
                Some(Outer::Connection(guard, then)) => {
                    around = Some(then);
                    let (end, path) = self.pass_on(guard);
                    method = path;
                    end.map(|end| End { record: end.seen_from(endpoint), ..end })
                }
                Some(Outer::Shutdown(shutdown)) => self.said(shutdown).map(|(shutdown, verdict)| {
                    let end = End::of(Said { kind: Kind::Ours, verdict, detail: None }, endpoint);
                    End { shutdown: Some(shutdown), ..end }
                }),
                None => None,
            };
            methods.push(method);
            if let Some(end) = inherited {
                self.groups[group].inherit(end.clone(), leg);
                match of_first.take() {
                    // The order in which the legs inherit does not matter.
                    Some(first) => self.groups[group].inherit(first, 0),
                    None if leg == 0 => of_first = Some(end),
                    None => {}
                }
            }
        }
        // A leg without an outer method has that of the other leg.
        let any = methods.iter().rev().find_map(|method| *method);
        methods.iter().map(|method| method.or(any)).collect()
    }

    /// The end and the method for connections under this one.
    fn pass_on(&mut self, guard: usize) -> (Option<End>, Option<ConnectionMethod>) {
        let (group, leg) = self.places[guard];
        let methods = self.bring_up_to_date(group);
        let Group { legs, end, owner, .. } = &self.groups[group];
        let has_line = self.groups[group].has_line();
        let Leg { endpoint, method, .. } = legs[leg].clone();
        let end = end.clone().filter(|end| has_line || end.kind != Kind::OnDrop).map(|mut end| {
            if *owner != leg {
                end.record = end.seen_from(endpoint);
            }
            end.kind = end.kind_inside;
            end
        });
        (end, method.or(methods[leg]))
    }

    pub(super) fn set(&mut self, guard: usize, said: Said, by: Endpoint) -> SetOutcome {
        let (group, leg) = self.places[guard];
        self.bring_up_to_date(group);
        let endpoint = self.endpoint(guard);
        let mut end = End::of(said, by);
        // A record of another layer is translated.
        if by.resolve(said.verdict).direction() != endpoint.resolve(said.verdict).direction() {
            end.record = end.seen_from(endpoint);
        }
        let group = &mut self.groups[group];
        if group.is_over() {
            self.late += u64::from(group.reports_late(&end, leg));
            return SetOutcome::TooLate(end.record);
        }
        if group.offer(end, leg) { SetOutcome::Kept } else { SetOutcome::Ignored }
    }

    pub(super) fn set_on_drop(&mut self, guard: usize, said: Said) {
        let (group, leg) = self.places[guard];
        self.bring_up_to_date(group);
        let end = End { kind: Kind::OnDrop, ..End::of(said, self.endpoint(guard)) };
        let group = &mut self.groups[group];
        if !group.is_over() {
            group.offer(end, leg);
        }
    }

    pub(super) fn get(&mut self, guard: usize) -> Option<Disconnect> {
        let (group, leg) = self.places[guard];
        self.bring_up_to_date(group);
        let group = &self.groups[group];
        let is_known = |end: &End| group.is_over() || end.kind != Kind::OnDrop;
        group.end.as_ref().filter(|end| is_known(end)).map(|end| group.line(end, leg))
    }

    pub(super) fn set_method(&mut self, guard: usize, method: ConnectionMethod) {
        let leg = self.leg(guard);
        if matches!(leg.stage, Stage::Connecting | Stage::Up) {
            leg.method = Some(method);
        }
    }

    /// An end of its own stays as it is.
    pub(super) fn set_endpoint(&mut self, guard: usize, endpoint: Endpoint) {
        let (group, leg) = self.places[guard];
        let group = &mut self.groups[group];
        if matches!(group.legs[leg].stage, Stage::Over | Stage::Gone) {
            return;
        }
        let is_inherited = group.is_inherited;
        let is_owner = group.owner == leg;
        if let Some(end) = group.end.as_mut().filter(|end| is_owner && (is_inherited || end.kind == Kind::OnDrop)) {
            end.record = end.seen_from(endpoint);
        }
        group.legs[leg].endpoint = endpoint;
    }

    pub(super) fn set_connecting(&mut self, guard: usize) {
        self.leg(guard).stage = Stage::Connecting;
    }

    pub(super) fn set_established(&mut self, guard: usize) {
        let leg = self.leg(guard);
        if leg.stage == Stage::Connecting {
            leg.stage = Stage::Up;
        }
    }

    /// A guard that is in a pair already stays as it is.
    pub(super) fn pair(&mut self, first: usize, second: usize) {
        let [(home, _), (other, _)] = [self.places[first], self.places[second]];
        if home == other || self.groups[home].legs.len() == 2 || self.groups[other].legs.len() == 2 {
            return;
        }
        self.bring_up_to_date(home);
        self.bring_up_to_date(other);
        for group in [home, other] {
            if let Some(Outer::Connection(guard, _)) = self.groups[group].legs[0].outer {
                let around = self.places[guard].0;
                if self.runs_in(around, home) || self.runs_in(around, other) {
                    self.groups[group].legs[0].outer = None;
                }
            }
        }
        let leg = self.groups[other].legs[0].clone();
        let (end, is_inherited) = (self.groups[other].end.take(), self.groups[other].is_inherited);
        self.places[second] = (home, 1);
        let group = &mut self.groups[home];
        group.legs.push(leg);
        match end {
            Some(end) if is_inherited => group.inherit(end, 1),
            Some(end) => drop(group.offer(end, 1)),
            None => {}
        }
    }

    /// Drops the guard. Returns its line.
    pub(super) fn finish(&mut self, guard: usize, panicking: bool) -> Option<Disconnect> {
        let (place, leg) = self.places[guard];
        let methods = self.bring_up_to_date(place);
        let group = &mut self.groups[place];
        let Leg { endpoint, stage, .. } = group.legs[leg];
        let is_connecting = stage == Stage::Connecting;
        let was_over = group.is_over();
        // A connection that was never established says nothing about the other one of its pair.
        let is_silent = is_connecting && group.legs.len() == 2;
        if !was_over && !is_silent {
            group.settle(panicking, endpoint, leg);
        }
        group.legs[leg].method = group.legs[leg].method.or(methods[leg]);
        group.legs[leg].stage = if is_connecting { Stage::Gone } else { Stage::Over };
        if group.is_all_over() {
            group.legs.iter_mut().for_each(|leg| leg.outer = None);
        }
        let mut end = group.end.clone().filter(|_| !is_connecting)?;
        if panicking && was_over && end.record.expected() {
            // The other line is written already, so only this one shows the panic.
            let same = end.record.clone();
            end.gains(Some(DisconnectCause::Panicked), &same);
        }
        Some(group.line(&end, leg))
    }

    /// The shutdown that the end of this guard is.
    pub(super) fn shutdown_of(&self, guard: usize) -> Option<usize> {
        self.groups[self.places[guard].0].end.as_ref().and_then(|end| end.shutdown)
    }
}

impl Group {
    fn has_line(&self) -> bool {
        self.legs.iter().any(|leg| leg.stage == Stage::Over)
    }

    fn is_all_over(&self) -> bool {
        self.legs.iter().all(|leg| matches!(leg.stage, Stage::Over | Stage::Gone))
    }

    /// The end is final once a line is written.
    fn is_over(&self) -> bool {
        self.has_line() || self.is_all_over()
    }

    /// The end as one leg logs it.
    fn line(&self, end: &End, leg: usize) -> Disconnect {
        let Leg { endpoint, method, .. } = self.legs[leg];
        let line = if self.owner == leg { end.record.clone() } else { end.seen_from(endpoint) };
        method.map_or(line.clone(), |method| line.with_method(method))
    }

    /// The table, and the rule for a pair: a goodbye of one peer does not explain a failure of the other connection.
    fn is_won_by(&self, next: &End, leg: usize) -> bool {
        let Some(first) = &self.end else { return true };
        let is_eof = first.record.cause_as() == Some(DisconnectCause::UncleanEof);
        let is_broken = matches!(first.kind, Kind::BrokenPipe | Kind::Lost) && !is_eof;
        let is_of_other_peer = self.legs.len() == 2 && self.owner != leg && next.kind == Kind::Goodbye;
        next.kind.replaces(first.kind) && !(is_of_other_peer && is_broken)
    }

    fn replace(&mut self, end: End, leg: usize) {
        self.end = Some(end);
        self.owner = leg;
        self.is_inherited = false;
        self.own = None;
    }

    /// Inherits the end of what a leg is nested in.
    fn inherit(&mut self, inherited: End, leg: usize) {
        if self.is_over() {
            return;
        }
        let is_same = self.is_inherited && self.owner == leg;
        let own = if self.is_inherited { self.own } else { self.end.as_ref().map(|end| end.kind) };
        let replaces_own = own.is_none_or(|own| inherited.kind.replaces(own));
        if replaces_own && (is_same || self.is_won_by(&inherited, leg)) {
            self.replace(inherited, leg);
            self.is_inherited = true;
            self.own = own;
        }
    }

    /// Offers a new end. Returns whether it changed anything.
    fn offer(&mut self, mut next: End, leg: usize) -> bool {
        let is_won = self.is_won_by(&next, leg);
        let Some(first) = &mut self.end else {
            self.replace(next, leg);
            return true;
        };
        if is_won {
            if is_echo(first, &next) {
                return false;
            }
            let had_deadline = first.record.cause_as() == Some(DisconnectCause::Deadline);
            if had_deadline && matches!(next.kind, Kind::Ours | Kind::Fin | Kind::Goodbye) {
                // A normal end keeps a missed deadline as its cause.
                let first = first.record.clone();
                next.gains(Some(DisconnectCause::Deadline), &first);
            }
            self.replace(next, leg);
            return true;
        }
        if first.kind != Kind::Ours {
            return false;
        }
        let cause = next.became_of_goodbye();
        // One connection may add its own code or detail to a shutdown.
        let adds = matches!(next.kind, Kind::Ours | Kind::Failed) && first.shutdown.is_some();
        if cause.is_none() && !adds {
            return false;
        }
        let is_changed = first.gains(cause, &next.record);
        self.is_inherited &= !is_changed;
        is_changed
    }

    /// A late end counts if it would have won, once per connection.
    fn reports_late(&mut self, late: &End, leg: usize) -> bool {
        let follows = matches!(late.kind, Kind::Deadline | Kind::FollowOn | Kind::BrokenPipe);
        let would_count = match &self.end {
            _ if self.is_won_by(late, leg) => !follows,
            Some(end) => end.kind == Kind::Ours && late.became_of_goodbye().is_some(),
            None => false,
        };
        would_count && self.has_line() && !std::mem::replace(&mut self.has_reported_late, true)
    }

    /// The end of a guard that is dropped, in a panic or without a record.
    fn settle(&mut self, panicking: bool, endpoint: Endpoint, leg: usize) {
        let panicked = End::unexplained(Kind::Panicked, DisconnectCause::Panicked, endpoint);
        match &mut self.end {
            None if panicking => self.replace(panicked, leg),
            Some(end) if panicking && Kind::Panicked.replaces(end.kind) => self.replace(panicked, leg),
            Some(end) if panicking && end.kind == Kind::Goodbye => {
                end.gains(Some(DisconnectCause::Panicked), &panicked.record);
            }
            Some(_) => {}
            None => {
                // On connections inside, only a violation or an error code of the peer explains a drop.
                let dropped = End::unexplained(Kind::OnDrop, DisconnectCause::Dropped, endpoint);
                self.end = Some(End { kind_inside: Kind::Silent, ..dropped });
                self.owner = leg;
            }
        }
    }
}

impl End {
    /// The cause that a normal end by this side gains if its goodbye goes wrong.
    fn became_of_goodbye(&self) -> Option<DisconnectCause> {
        let own = self.record.cause_as::<DisconnectCause>();
        match self.kind {
            Kind::Deadline | Kind::Silent => Some(DisconnectCause::Deadline),
            Kind::NotUnderstood => Some(DisconnectCause::InternalError),
            Kind::Violation | Kind::Complaint => own.or(Some(DisconnectCause::InternalError)),
            Kind::Failed if self.record.side() == Some(Side::Local) => own.or(Some(DisconnectCause::InternalError)),
            Kind::Ours => own.filter(|_| self.is_unclean()),
            Kind::Failed
            | Kind::OnDrop
            | Kind::FollowOn
            | Kind::Fin
            | Kind::BrokenPipe
            | Kind::Lost
            | Kind::Goodbye
            | Kind::Panicked => None,
        }
    }
}

/// Whether the peer only repeats the close code of this side.
fn is_echo(first: &End, next: &End) -> bool {
    let is_said = matches!(next.kind, Kind::Goodbye | Kind::Complaint) && !first.record.expected();
    let echo = next.record.code().filter(|_| is_said);
    echo.is_some_and(|code| first.record.close_code(code.protocol()) == Some(code))
}
