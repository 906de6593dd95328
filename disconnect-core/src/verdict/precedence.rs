//! The table that decides between two ends of one connection, for the guard and
//! [`Verdict::or_stronger`](super::Verdict).

use super::Rank;
use crate::category::Category;
use crate::vocabulary::DisconnectCause;

/// The kind of an end: a row and a column of [`RULE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The end that a guard logs when it is dropped without a recorded end.
    OnDrop,
    /// One operation did not finish in time. The connection may still be alive.
    Deadline,
    /// An error that no reader understands.
    NotUnderstood,
    /// An error that only follows from an earlier end, such as a use after close.
    FollowOn,
    /// A FIN that the endpoint declares to be a goodbye. A killed peer also sends a FIN.
    Fin,
    /// A write failed because the connection had already ended.
    BrokenPipe,
    /// An end of file or a reset.
    Lost,
    /// The peer was silent for too long.
    Silent,
    /// An expected end of this side: it closed, or it shut down.
    Ours,
    /// An unexpected end that the call site recorded.
    Failed,
    /// This side saw a protocol violation.
    Violation,
    /// The peer said goodbye.
    Goodbye,
    /// The peer stated that something is wrong.
    Complaint,
    /// The task of the connection panicked.
    Panicked,
}

/// The effect of a later end on the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The first end stays unchanged.
    IsIgnored,
    /// The later end replaces the first one.
    Replaces,
    /// The first end stays and takes missing facts from the later one: an unclean cause, a code, a detail.
    Refines,
}

/// The precedence table. Rows are the later end, columns the first end: `R` replaces, `+` refines, `.` is ignored.
///
/// - The first end stays, because errors after an end mostly follow from it.
/// - Stronger evidence replaces a deadline, an error that no reader understands, and a broken pipe. Every sign of a
///   fault replaces a declared FIN.
/// - A statement of the peer replaces the end of file or reset that it arrived with. So does a violation found in the
///   bytes before it. A goodbye replaces neither silence nor an error that no reader understands: it may only answer
///   this side's close.
/// - An expected end that replaces a missed deadline keeps it as its cause: the end may be the answer to what this side
///   did at the deadline.
/// - An expected end of this side does not replace an earlier fault. It replaces a missed deadline and keeps it as its
///   cause.
/// - What happens to this side's goodbye refines an end of this side. An end of file or a reset does not: peers often
///   answer a goodbye that way. The guard makes one exception: an unreachable peer refines it. A panic of the task replaces it.
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
    /// Maps a verdict to its kind.
    pub(crate) fn of(rank: Rank, is_said_by_peer: bool, is_expected: bool, cause: Option<&Category>) -> Self {
        let is = |ours: DisconnectCause| cause.is_some_and(|cause| cause.value == ours.as_str());
        match rank {
            // Only a declared FIN is an expected end on weak evidence.
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

    /// Looks up the effect of an end of this kind after `first`.
    pub(crate) const fn after(self, first: Self) -> Effect {
        match RULE[self as usize][first as usize] {
            b'R' => Effect::Replaces,
            b'+' => Effect::Refines,
            _ => Effect::IsIgnored,
        }
    }
}
