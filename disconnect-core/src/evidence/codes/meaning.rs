//! One row of a table: what a code means before anybody knows who sent it.

use crate::verdict::{Ending, Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause, DisconnectReason};

/// What one number, or a range of them, means.
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

/// Who closed or broke the connection, as seen from the code.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    Sender,
    Receiver,
    Network,
    /// The network where the peer says so, and this side where it says so itself.
    NetworkOrUs,
    Unknown,
}

/// A goodbye: `client_closed` by a client, `graceful` by an agent or a server.
pub(super) const fn closed(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Closed, Whose::Sender)
}

/// A goodbye of somebody who leaves: `client_closed` by a client, `server_shutdown` by an agent or a server.
pub(super) const fn going_away(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::GoingAway, Whose::Sender)
}

/// `client_closed` by a client; why anybody else would is `unknown`.
pub(super) const fn cancelled(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Cancelled, Whose::Sender)
}

/// A protocol error: the sender accuses the receiver.
pub(super) const fn violation(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::ProtocolError), Whose::Receiver)
}

/// A protocol error of nobody in particular: the two sides do not fit, or the bytes were damaged. The sender closed.
pub(super) const fn mismatch(number: i64, name: &'static str) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::ProtocolError), Whose::Sender)
}

/// A network error that the sender gave up over.
pub(super) const fn gave_up(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::NetworkError), Whose::Sender).because(cause)
}

/// A network error that the sender merely reports.
pub(super) const fn lost(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    Meaning::new(number, name, Ending::Is(DisconnectReason::NetworkError), Whose::Network).because(cause)
}

/// The sender ended it for a reason that is no category of its own; the cause tells such codes apart.
pub(super) const fn ended(number: i64, name: &'static str, cause: DisconnectCause) -> Meaning {
    unexplained(number, name).because(cause)
}

/// The sender ended it, and the code does not say why.
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

    /// What exactly happened.
    pub(super) const fn because(self, cause: DisconnectCause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Who it was, where it is not who the kind of row says.
    pub(super) const fn by(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    /// The same code is used for ends of different kinds.
    pub(super) const fn ambiguous(self) -> Self {
        Self { ambiguous: true, ..self }
    }

    /// No endpoint may put this number on the wire.
    pub(super) const fn unsendable(self) -> Self {
        Self { sendable: false, ..self }
    }

    /// Nobody need have said so: the number also stands for what an endpoint saw itself.
    pub(super) const fn with_rank(self, rank: Rank) -> Self {
        Self { rank, ..self }
    }

    /// The row is about all numbers up to this one.
    pub(super) const fn up_to(self, last: i64) -> Self {
        Self { last, ..self }
    }

    /// Whether some role's use of this code is part of normal operation.
    pub(super) const fn is_expected(&self) -> bool {
        match self.ending {
            Ending::Closed | Ending::GoingAway | Ending::Cancelled => true,
            Ending::Is(reason) => reason.expected(),
            Ending::Own => false,
        }
    }

    /// The number of the row, or the first one of its range.
    pub(super) const fn first(&self) -> i64 {
        self.first
    }

    pub(super) const fn verdict(&self, sender: Side, receiver: Side) -> Verdict {
        let side = match self.whose {
            Whose::Sender => sender,
            Whose::Receiver => receiver,
            Whose::NetworkOrUs if matches!(sender, Side::Local) => Side::Local,
            Whose::Network | Whose::NetworkOrUs => Side::Network,
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

/// The row of a number. The table is [`sorted`].
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

/// A table whose rows ascend and do not overlap; one that is not does not compile.
pub(super) const fn sorted<const N: usize>(table: [Meaning; N]) -> [Meaning; N] {
    let mut i = 1;
    while i < N {
        assert!(table[i - 1].last < table[i].first, "the rows of a table ascend by number");
        i += 1;
    }
    table
}
