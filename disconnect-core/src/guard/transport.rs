//! Combines what the transport saw with what the protocol reported, by one table.

use std::io;

use crate::verdict::Kind;

/// An observation of a watched stream. The endpoint turns it into a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// The peer closed its direction of the transport.
    Fin,
    /// The peer sent a TLS `close_notify`.
    CloseNotify,
    /// A read or a write failed.
    Failed(&'a io::Error),
}

/// Who reported the current record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// The user's code, a library or a shutdown.
    Protocol,
    /// A watched stream that read a FIN and observed no failure.
    Fin,
    /// A watched stream that failed or was silent.
    Failure,
}

/// Which record the line reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// What the protocol reported.
    Said,
    /// What the protocol reported, with the cause `deadline`: the goodbye of this side got no answer.
    Unanswered,
    /// What the transport saw.
    Seen,
    /// What the transport saw on the other connection of a pair.
    SeenAcross,
    /// An end of file. The endpoint declares a FIN as a goodbye, but there was an error too.
    CutShort,
    /// `unknown` by the peer: it closed the connection on purpose, but there was an error too.
    Abandoned,
    /// `unknown`: nothing explains the end.
    Unexplained,
}

/// The rule. A row is what the transport saw first, a column is what the protocol reported.
///
/// | cell | the line |
/// |---|---|
/// | `.` | what the protocol reported |
/// | `t` | what the transport saw |
/// | `1` | the first of the two |
/// | `+` | what the protocol reported, with the cause `deadline` |
/// | `e` | an end of file, also with `fin_is_goodbye` |
/// | `p` | `unknown` by the peer |
/// | `u` | `unknown` |
///
/// Rank decides, not time, because a buffered reader reads the FIN before it parses the goodbye in front of it. Only a
/// normal end by this side depends on the order: what follows its goodbye is the answer.
///
/// The columns, from the left:
///
/// - `OnDrop`: nothing was reported, or only the record for a drop. The transport knows more.
/// - `Deadline`, `NotUnderstood`, `FollowOn`, `BrokenPipe`: the transport may explain the error. If there was an error,
///   neither a FIN nor a `close_notify` is a normal end, whatever the endpoint declares, because a message may be cut
///   off.
/// - `Fin`: a normal end on weak evidence, such as a declared FIN or a missing error. Every sign of a fault is better
///   evidence.
/// - `Lost`: the protocol knows what was cut off. Only silence and TLS know why.
/// - `Silent`, `Failed`, `Violation`, `Complaint`: the protocol knows more than the transport.
/// - `Ours`: a normal end by this side does not hide a failure before it. A FIN before it may be a half-close.
/// - `Goodbye`: a goodbye without a code may come from the `Ok(())` or `None` of a library, which some libraries also
///   return after a keep-alive timeout. It explains a reset and a FIN, but no silence.
/// - `Panicked`: a panic may follow from an error, but not from a FIN.
///
/// The table is about one connection. [`across`] holds the rule between the two connections of a pair.
#[rustfmt::skip]
const TABLE: [(Row, &[u8; 14]); 10] = [
    //                     OnDrop
    //                     |Deadline
    //                     ||NotUnderstood
    //                     |||FollowOn
    //                     ||||Fin
    //                     |||||BrokenPipe
    //                     ||||||Lost
    //                     |||||||Silent
    //                     ||||||||Ours
    //                     |||||||||Failed
    //                     ||||||||||Violation
    //                     |||||||||||Goodbye
    //                     ||||||||||||Complaint, or a goodbye with a code
    //                     |||||||||||||Panicked
    // A FIN that the endpoint declares a goodbye. The evidence is weak: with an error it is an end of file.
    (Row::Fin,         b"teeete........"),
    // A FIN that is no goodbye. It explains every weaker error.
    (Row::Eof,         b"tttttt........"),
    // A reset, or an error after a FIN.
    (Row::Lost,        b"tttttt..1....1"),
    // A failed write only shows that the connection had already ended.
    (Row::BrokenPipe,  b"ttttt...1....."),
    // This side closed first, after a write that got no answer for the configured time, or the kernel gave up.
    // Libraries report a keep-alive timeout as a broken pipe, as a reset, or not at all.
    (Row::Silent,      b"ttttttt.+..t.."),
    // TLS failed above the transport: an alert, or an invalid record. This explains why the bytes stopped.
    (Row::Violation,   b"ttttttt.1....1"),
    // An error that is only about this side.
    (Row::Failed,      b"tttttt..1....1"),
    // An error of the stream that no reader knows.
    (Row::Unread,      b"t...t...1....."),
    // The peer's `close_notify`. Not a normal end if the protocol misses something.
    (Row::CloseNotify, b"tppptpp......."),
    // This side closed first, and nothing came from the peer. So a goodbye of the peer that was derived from a missing
    // error did not happen. A FIN that the user's code read is not derived.
    (Row::Closed,      b"....u........."),
];

/// What the transport saw, as far as the table distinguishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Fin,
    Eof,
    Lost,
    BrokenPipe,
    Silent,
    Violation,
    Failed,
    Unread,
    CloseNotify,
    Closed,
}

/// What the protocol reported, as far as the table distinguishes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) kind: Kind,
    pub(super) has_code: bool,
    /// Reported before the transport saw anything.
    pub(super) is_first: bool,
    /// The observed stream is that of the other connection of a pair.
    pub(super) is_across: bool,
}

/// Looks up which of the two the line reports.
pub(super) fn decide(said: Said, seen: Row) -> Decision {
    if let Some(decision) = across(said, seen) {
        return decision;
    }
    let column = if said.kind == Kind::Goodbye && said.has_code { Kind::Complaint } else { said.kind };
    let (_, cells) = TABLE[seen as usize];
    match cells[column as usize] {
        b't' => Decision::Seen,
        b'1' if !said.is_first => Decision::Seen,
        b'+' => Decision::Unanswered,
        b'e' => Decision::CutShort,
        b'p' => Decision::Abandoned,
        b'u' => Decision::Unexplained,
        _ => Decision::Said,
    }
}

/// The rule between the two connections of a pair, if it differs from the table.
///
/// A goodbye of one peer says nothing about the other peer. A FIN is the usual answer of that other peer. Every other failure
/// is its own, whichever came first: for example, a client sends its request and `close_notify`, and the server resets instead
/// of answering.
fn across(said: Said, seen: Row) -> Option<Decision> {
    let is_failure = !matches!(seen, Row::Fin | Row::Eof | Row::CloseNotify | Row::Closed);
    let is_loss = matches!(said.kind, Kind::NotUnderstood | Kind::FollowOn | Kind::BrokenPipe | Kind::Lost);
    if said.is_across && said.kind == Kind::Goodbye && is_failure {
        return Some(Decision::SeenAcross);
    }
    (said.is_across && is_loss && seen == Row::CloseNotify).then_some(Decision::Said)
}

impl Row {
    /// The row of a record that a watched stream reported.
    pub(super) fn of(seen: Kind, witness: Witness) -> Self {
        match seen {
            Kind::Fin => Self::Fin,
            Kind::Lost if witness == Witness::Fin => Self::Eof,
            Kind::Lost => Self::Lost,
            Kind::BrokenPipe => Self::BrokenPipe,
            Kind::Silent => Self::Silent,
            Kind::Violation | Kind::Complaint => Self::Violation,
            Kind::Failed => Self::Failed,
            Kind::Goodbye => Self::CloseNotify,
            Kind::OnDrop | Kind::Deadline | Kind::NotUnderstood | Kind::FollowOn | Kind::Ours | Kind::Panicked => {
                Self::Unread
            }
        }
    }
}

// `decide` uses a row's number as its index.
const _: () = {
    let mut i = 0;
    while i < TABLE.len() {
        assert!(TABLE[i].0 as usize == i);
        i += 1;
    }
};
