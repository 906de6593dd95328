//! `Meaning`: one row of a code table, before it is known which side sent the code.

use crate::verdict::{Ending, Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// The meaning of one number, or of a range of numbers.
#[derive(Clone, Copy)]
pub(super) struct Meaning {
    first: i64,
    last: i64,
    pub(super) name: &'static str,
    ending: Ending,
    whose: Whose,
    cause: Option<DisconnectCause>,
    rank: Rank,
    pub(super) ambiguous: bool,
    pub(super) sendable: bool,
}

/// Who closed or broke the connection, relative to the code.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    Sender,
    Receiver,
    Network,
    /// The network if the peer sent the code, this side if it sent the code itself.
    NetworkOrLocal,
    Unknown,
}

/// A goodbye: `client_closed` by a client, `graceful` by an agent or a server.
pub(super) const fn closed(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Closed, Whose::Sender)
}

/// The goodbye of a side that goes away: `client_closed` by a client, `server_shutdown` by an agent or a server.
pub(super) const fn going_away(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::GoingAway, Whose::Sender)
}

/// A cancelled request: `client_closed` by a client, `unknown` by any other role.
pub(super) const fn cancelled(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Cancelled, Whose::Sender)
}

/// A protocol error: the sender accuses the receiver.
pub(super) const fn violation(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::ProtocolError), Whose::Receiver)
}

/// A protocol error without an offender: the two sides are incompatible, or the bytes were damaged. Names the sender.
pub(super) const fn mismatch(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::ProtocolError), Whose::Sender)
}

/// A network error: the sender gave up. Names the sender.
pub(super) const fn gave_up(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::NetworkError), Whose::Sender).because(cause)
}

/// A network error that the sender reports. Names the network.
pub(super) const fn lost(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::NetworkError), Whose::Network).because(cause)
}

/// The sender ended the connection for a reason that has no category of its own. The cause
/// distinguishes such codes.
pub(super) const fn ended(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    unexplained(number, name).because(cause)
}

/// The sender ended the connection, and the code gives no reason.
pub(super) const fn unexplained(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::Unknown), Whose::Sender)
}

impl Meaning {
    const fn new(number: i64, name: &'static str, ending: Ending, whose: Whose) -> Self {
        Self {
            first: number,
            last: number,
            name,
            ending,
            whose,
            cause: None,
            rank: Rank::Stated,
            ambiguous: false,
            sendable: true,
        }
    }

    pub(super) const fn because(self, cause: DisconnectCause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Replaces the side that the constructor chose.
    pub(super) const fn by(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    /// The protocol uses this code for ends of different kinds.
    pub(super) const fn ambiguous(self) -> Self {
        Self { ambiguous: true, ..self }
    }

    /// No endpoint may send this number.
    pub(super) const fn unsendable(self) -> Self {
        Self { sendable: false, ..self }
    }

    /// Lowers the rank of a code that no peer has to send: libraries also report it for what they observed.
    pub(super) const fn with_rank(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }

    /// Extends the row to all numbers up to this one.
    pub(super) const fn up_to(self, last: i64) -> Self {
        Self { last, ..self }
    }

    /// Whether the code is expected from at least one role.
    pub(super) const fn is_expected(&self) -> bool {
        match self.ending {
            Ending::Closed | Ending::GoingAway | Ending::Cancelled => true,
            Ending::Is(reason) => reason.expected(),
            Ending::Own => false,
        }
    }

    /// The number of the row, or the first of its range.
    pub(super) const fn first(&self) -> i64 {
        self.first
    }

    pub(super) const fn verdict(&self, sender: Side, receiver: Side) -> Verdict {
        let side = match self.whose {
            Whose::Sender => sender,
            Whose::Receiver => receiver,
            Whose::NetworkOrLocal if matches!(sender, Side::Local) => Side::Local,
            Whose::Network | Whose::NetworkOrLocal => Side::Network,
            Whose::Unknown => Side::Unknown,
        };
        let verdict = Verdict::of(self.ending, side);
        match self.cause {
            Some(cause) => verdict.with_cause(cause),
            None => verdict,
        }
        .with_rank(self.rank)
    }
}

/// Returns the row of a number by binary search, so the table has to be [`sorted`].
pub(super) const fn find(table: &'static [Meaning], number: i64) -> Option<&'static Meaning> {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let row = &table[middle];
        if number < row.first {
            high = middle;
        } else if number > row.last {
            low = middle + 1;
        } else {
            return Some(row);
        }
    }
    None
}

/// Checks at compile time that the rows ascend and do not overlap.
pub(super) const fn sorted<const N: usize>(table: [Meaning; N]) -> [Meaning; N] {
    let mut i = 1;
    while i < N {
        assert!(table[i - 1].last < table[i].first, "the rows of a table ascend by number");
        i += 1;
    }
    table
}
