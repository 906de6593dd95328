//! Which of two ends of one connection stays: the table that the guard and [`Verdict::or_stronger`](super::Verdict) share.

use super::Rank;
use crate::category::Category;
use crate::vocabulary::DisconnectCause;

/// What an end is, as far as another one may take its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the guard was told that a bare drop means.
    OnDrop,
    /// One operation was not done in time. The connection may well be alive.
    Deadline,
    /// An error that nobody understands.
    NotUnderstood,
    /// Something ended before, and this only shows it: use after close.
    FollowOn,
    /// A FIN that the endpoint declared to be a goodbye. A killed peer looks the same.
    Fin,
    /// A write failed, since the connection had ended before.
    BrokenPipe,
    /// An end of file, a reset.
    Lost,
    /// The peer was silent for too long.
    Silent,
    /// An expected end of this side: it closed, or it shut down.
    Ours,
    /// An unexpected end that the site knew of.
    Failed,
    /// We saw a side break the protocol.
    Violation,
    /// The peer said goodbye.
    Goodbye,
    /// The peer said that something is wrong.
    Complaint,
    /// The task of the connection panicked.
    Panicked,
}

/// What becomes of an end that comes after another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The first one stays as it is.
    IsIgnored,
    /// It takes the place of the first one.
    Replaces,
    /// The first one stays, and takes over what this one adds: a cause that makes it unclean, a code, a detail.
    Refines,
}

/// The rule. A row is what comes, a column what is there; `R` replaces, `+` refines, `.` is ignored.
///
/// - The first end stays: what ends a connection makes everything after it fail.
/// - Weak evidence gives way to what explains it: a deadline, an error nobody understands, a broken pipe. A declared FIN
///   gives way to every sign of a fault.
/// - The peer's own statement explains the loss that it arrived with, and so does a violation that was found in the bytes
///   before it. A goodbye explains neither silence nor an error nobody understands: it may only answer our close.
/// - An expected end that replaces a missed deadline keeps it as its cause: it may only answer what this side did then.
/// - Our own expected end never covers up what broke the connection before. It keeps a deadline that was missed.
/// - Our end is refined by what became of its goodbye. An end of file or a reset is how a peer takes it. A panic of the
///   task replaces it.
#[rustfmt::skip]
const RULE: [&[u8; 14]; 14] = [
    //                 OnDrop
    //                 |Deadline
    //                 ||NotUnderstood
    //                 |||FollowOn
    //                 ||||Fin
    //                 |||||BrokenPipe
    //                 ||||||Lost
    //                 |||||||Silent
    //                 ||||||||Ours
    //                 |||||||||Failed
    //                 ||||||||||Violation
    //                 |||||||||||Goodbye
    //                 ||||||||||||Complaint
    //                 |||||||||||||Panicked
    /* OnDrop        */ b"R.............",
    /* Deadline      */ b"R...R...+.....",
    /* NotUnderstood */ b"RR..R...+.....",
    /* FollowOn      */ b"RR............",
    /* Fin           */ b"RR............",
    /* BrokenPipe    */ b"RRRRR.........",
    /* Lost          */ b"RRRRRR........",
    /* Silent        */ b"RRRRRR..+.....",
    /* Ours          */ b"RR......+.....",
    /* Failed        */ b"RRRRRR..+.....",
    /* Violation     */ b"RRRRRRRR+.....",
    /* Goodbye       */ b"RR.RRRR.......",
    /* Complaint     */ b"RRRRRRRR+.....",
    /* Panicked      */ b"RRRRRR..R..+..",
];

impl Kind {
    /// What evidence of this rank is.
    pub(crate) fn of(rank: Rank, is_said_by_peer: bool, is_expected: bool, cause: Option<&Category>) -> Self {
        let is = |ours: DisconnectCause| cause.is_some_and(|cause| cause.value == ours.as_str());
        match rank {
            // An expected end on weak evidence: a declared FIN.
            Rank::NotUnderstood | Rank::FollowOn | Rank::BrokenPipe | Rank::Transport | Rank::Timeout
                if is_expected =>
            {
                Self::Fin
            }
            Rank::NotUnderstood => Self::NotUnderstood,
            Rank::FollowOn | Rank::Timeout if is(DisconnectCause::Deadline) => Self::Deadline,
            Rank::FollowOn => Self::FollowOn,
            Rank::BrokenPipe => Self::BrokenPipe,
            Rank::Transport => Self::Lost,
            Rank::Timeout => Self::Silent,
            Rank::Violation | Rank::Stated if is_said_by_peer && is_expected => Self::Goodbye,
            Rank::Stated if is_said_by_peer => Self::Complaint,
            Rank::Violation | Rank::Stated if is_expected => Self::Ours,
            Rank::Violation | Rank::Stated if is(DisconnectCause::Panicked) => Self::Panicked,
            Rank::Violation => Self::Violation,
            Rank::Stated => Self::Failed,
        }
    }

    /// What becomes of an end of this kind that comes after the first one.
    pub(crate) const fn after(self, first: Self) -> Effect {
        match RULE[self as usize][first as usize] {
            b'R' => Effect::Replaces,
            b'+' => Effect::Refines,
            _ => Effect::IsIgnored,
        }
    }
}
