//! Combines the observations of watched streams with the records that were set. `transport.rs` has the table.

use super::{State, kind};
use crate::endpoint::Endpoint;
use crate::guard::transport::{Decision, Row, Said, Witness, decide};
use crate::record::Disconnect;
use crate::verdict::{Effect, Kind, Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

impl State {
    /// Compares an observation of a watched stream with the current record.
    pub(super) fn offer_sight(&mut self, seen: Disconnect, witness: Witness, is_second: bool) {
        let comes = kind(&seen, self.leg(is_second).endpoint);
        let (there, is_across) = (self.kind_of_end(), self.is_across(is_second));
        let (Some(first), Some(there)) = (&mut self.end, there) else {
            return self.replace_by_sight(seen, witness, is_second);
        };
        if self.witness != Witness::Protocol {
            // As in `across`: a goodbye counts for its own connection of a pair.
            let is_failure_after_goodbye = there == Kind::Goodbye && witness == Witness::Failure;
            let is_goodbye_after_failure = comes == Kind::Goodbye && self.witness == Witness::Failure;
            let replaces = if is_across && (is_failure_after_goodbye || is_goodbye_after_failure) {
                is_failure_after_goodbye
            } else {
                comes.after(there) == Effect::Replaces
            };
            // A failure beside a FIN: the FIN alone no longer explains the end.
            self.witness = if witness == Witness::Failure { witness } else { self.witness };
            if replaces {
                // A missed deadline is an error as well: after one, neither a FIN nor a `close_notify` is a clean end.
                let missed = Said { kind: there, has_code: false, is_first: true, is_across: false };
                let decision =
                    if there == Kind::Deadline { decide(missed, Row::of(comes, witness)) } else { Decision::Seen };
                let seen = self.as_decided(decision, seen, is_second);
                self.replace_by_sight(seen, self.witness, is_second);
            }
            return;
        }
        let said = Said { kind: there, has_code: first.code().is_some(), is_first: true, is_across };
        match decide(said, Row::of(comes, witness)) {
            Decision::Said => {}
            Decision::Unanswered => {
                let is_refined = first.refine(&seen, Some(DisconnectCause::Deadline.category()));
                self.is_inherited &= !is_refined;
            }
            Decision::SeenAcross => self.replace_by_sight(seen, witness, is_second),
            decision @ (Decision::Seen | Decision::CutShort | Decision::Abandoned | Decision::Unexplained) => {
                let first = first.clone();
                let end = self.as_decided(decision, seen, is_second).with_words_of(&first);
                self.replace_by_sight(end, witness, is_second);
            }
        }
    }

    /// Whether the only record is that the peer of the other connection of a pair closed its direction, with a declared FIN or
    /// with `close_notify`.
    pub(super) fn has_half_close_of_other(&self, is_second: bool) -> bool {
        let there = self.kind_of_end();
        let is_close_notify = there == Some(Kind::Goodbye) && self.witness != Witness::Protocol;
        (there == Some(Kind::Fin) || is_close_notify) && self.is_across(is_second) && !self.is_over()
    }

    /// Compares a new record with the current observation of a watched stream. Returns whether the record was kept.
    pub(super) fn offer_against_sight(&mut self, mut said: Disconnect, is_second: bool) -> bool {
        let kind_of_said = kind(&said, self.leg(is_second).endpoint);
        let (Some(seen), Some(there)) = (self.end.clone(), self.kind_of_end()) else {
            self.replace(said, is_second);
            return true;
        };
        let is_across = self.is_across(is_second);
        let facts = Said { kind: kind_of_said, has_code: said.code().is_some(), is_first: false, is_across };
        match decide(facts, Row::of(there, self.witness)) {
            // Also if the record only repeats the observation.
            Decision::Said => self.replace(said, is_second),
            _ if said == seen => self.replace(said, is_second),
            Decision::Unanswered => {
                said.refine(&seen, Some(DisconnectCause::Deadline.category()));
                self.replace(said, is_second);
            }
            Decision::SeenAcross => return false,
            decision @ (Decision::Seen | Decision::CutShort | Decision::Abandoned | Decision::Unexplained) => {
                let is_second = self.is_end_of_second;
                self.end = Some(self.as_decided(decision, seen, is_second).with_words_of(&said));
                return false;
            }
        }
        true
    }

    /// The record for a decision that does not keep what the protocol reported.
    fn as_decided(&mut self, decision: Decision, seen: Disconnect, is_second: bool) -> Disconnect {
        let endpoint = self.leg(is_second).endpoint;
        match decision {
            Decision::CutShort => endpoint.unclean_eof(),
            Decision::Abandoned => {
                endpoint.resolve(Verdict::new(DisconnectReason::Unknown, Side::Remote).with_rank(Rank::Transport))
            }
            Decision::Said | Decision::Unanswered | Decision::Seen | Decision::SeenAcross | Decision::Unexplained => {
                seen
            }
        }
    }

    /// Applies what the watched streams know about a close by this side, and what the clock says.
    pub(super) fn apply_local_close(&mut self) {
        let legs = if self.second.is_some() { &[false, true][..] } else { &[false] };
        for &is_second in legs {
            let leg = self.leg(is_second);
            let (endpoint, Some(traffic)) = (leg.endpoint, leg.traffic.clone()) else { continue };
            if traffic.is_past_deadline() {
                self.discard_late_goodbye(endpoint, is_second);
            }
            if traffic.is_silent() {
                self.offer_sight(endpoint.keepalive_timeout(), Witness::Failure, is_second);
            } else if let Some(read_was_waiting) = traffic.is_closed_locally() {
                self.discard_derived_goodbye(endpoint, read_was_waiting, is_second);
            }
        }
    }

    /// The peer's deadline has passed, so a goodbye or a dropped task means that the peer gave up. It did not leave: it wanted
    /// an answer.
    fn discard_late_goodbye(&mut self, endpoint: Endpoint, is_second: bool) {
        let is_weak = self.kind_of_end().is_none_or(|kind| matches!(kind, Kind::OnDrop | Kind::Fin | Kind::Goodbye));
        if !is_weak {
            return;
        }
        let late = Verdict::new(DisconnectReason::NetworkError, Side::Remote).with_cause(DisconnectCause::Deadline);
        let gave_up = endpoint.resolve(late.with_rank(Rank::Timeout));
        let end = match &self.end {
            Some(end) => gave_up.with_words_of(end),
            None => gave_up,
        };
        self.replace(end, is_second);
    }

    /// This side closed first, so a goodbye of the peer that was only derived from a missing error did not happen.
    fn discard_derived_goodbye(&mut self, endpoint: Endpoint, read_was_waiting: bool, is_second: bool) {
        let (Some(end), Some(kind)) = (&self.end, self.kind_of_end()) else { return };
        let is_fin = end.cause().is_some_and(|cause| cause.value == DisconnectCause::Fin.as_str());
        let said = Said { kind, has_code: end.code().is_some(), is_first: true, is_across: false };
        if self.witness == Witness::Protocol && !is_fin && decide(said, Row::Closed) == Decision::Unexplained {
            let side = if read_was_waiting { Side::Local } else { Side::Unknown };
            let unknown = endpoint.resolve(Verdict::new(DisconnectReason::Unknown, side).with_rank(Rank::FollowOn));
            let end = unknown.with_words_of(&end.clone());
            self.replace(end, is_second);
        }
    }

    /// Replaces the record by an observation, and marks the stream as its witness.
    fn replace_by_sight(&mut self, seen: Disconnect, witness: Witness, is_second: bool) {
        self.replace(seen, is_second);
        self.witness = witness;
    }
}
