//! What the transport saw, against what the protocol said: the one table that combines them.

use std::io;

use crate::verdict::Kind;

/// What a watched stream saw, as it is. The endpoint gives it its meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// The peer closed its direction of the transport.
    Fin,
    /// The peer said by TLS that nothing more comes.
    CloseNotify,
    /// A read or a write failed.
    Failed(&'a io::Error),
}

/// Who reported the end so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// The site, a library or a shutdown set it.
    Protocol,
    /// A watched stream read a FIN, and nothing else went wrong so far.
    Fin,
    /// A watched stream failed, or was silent.
    Failure,
}

/// Which end the line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// What the protocol said.
    Said,
    /// The same, with the cause `deadline`: this side's goodbye went unanswered.
    Unanswered,
    /// What the transport saw.
    Seen,
    /// An end of file, although the endpoint takes a FIN for a goodbye: something went wrong as well.
    CutShort,
    /// The peer closed the connection on purpose, while something went wrong: `unknown` by the peer.
    Abandoned,
    /// Nobody knows why: `unknown`.
    Unexplained,
}

/// The rule. A row is what the transport saw first, a column what the protocol said.
///
/// `.` what the protocol said; `t` what the transport saw; `1` whichever came first; `+` what the protocol said, with the
/// cause `deadline`; `e` an end of file, also where a FIN is a goodbye; `p` `unknown` by the peer; `u` `unknown`.
///
/// By rank and not by time: a buffered reader reads the FIN before it parses the goodbye in front of it. Only an expected
/// end of this side depends on the order, since what comes after our goodbye is its answer.
///
/// The columns, from the left:
///
/// - Nothing was said, or only what a bare drop means. Then the transport knows best.
/// - An operation was late, nobody understands the error, something ended before, a write failed: the transport may
///   explain it. Together with an error no FIN and no `close_notify` is a clean end, whatever the endpoint declares: the
///   error may be a message that was cut off.
/// - An expected end on weak evidence: a declared FIN, or a verdict that somebody drew from the absence of an error. Every
///   sign of a fault is better evidence.
/// - A loss: the protocol knows what the loss cut off. Only silence and TLS know why.
/// - A timeout, a failure that the site knows of, a violation, a code of the peer: the protocol knows more than its transport.
/// - An expected end of this side covers up no failure that came before it. A FIN before it may be a half-close: the site
///   went on and closed later.
/// - A goodbye without a code may have been drawn from a library's `Ok(())` or `None`; libraries end like that after a
///   keep-alive timeout, too. It explains a reset and a FIN, but no silence.
/// - A panic follows from an error that nobody handled, and not from a FIN.
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
    // A FIN that the endpoint declares to be a goodbye. Weak: with any error it is an end of file.
    (Row::Fin,         b"teeete........"),
    // A FIN that is none. It explains every error that says less.
    (Row::Eof,         b"tttttt........"),
    // A reset, or an error after a FIN.
    (Row::Lost,        b"tttttt..1....1"),
    // A failed write says only that the connection was gone before.
    (Row::BrokenPipe,  b"ttttt...1....."),
    // This side closed first, after a write that nothing answered for as long as the site waits; or the kernel gave up.
    // Libraries turn their keep-alive timeout into a broken pipe, a reset, or no error at all.
    (Row::Silent,      b"ttttttt.+..t.."),
    // TLS failed above the transport: an alert, a record that is none. That is why the bytes stopped.
    (Row::Violation,   b"ttttttt.1....1"),
    // An error that says something of this side only.
    (Row::Failed,      b"tttttt..1....1"),
    // An error of the stream that says nothing.
    (Row::Unread,      b"t...t...1....."),
    // The peer's `close_notify`: it closed. Not cleanly, where the protocol says that something is missing.
    (Row::CloseNotify, b"tppptpp......."),
    // This side closed first, and nothing came from the peer. So the peer did not end it, as somebody guessed who saw no
    // error; a FIN that the site read itself is no guess.
    (Row::Closed,      b"....u........."),
];

/// What the transport saw, as far as the table asks.
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

/// What the protocol said, as far as the table asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) kind: Kind,
    pub(super) has_code: bool,
    /// Said before the transport saw anything.
    pub(super) is_first: bool,
}

/// Which of the two the line is about.
pub(super) fn decide(said: Said, seen: Row) -> Decision {
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

impl Row {
    /// What an end is that the transport saw.
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

// A row is found by its number.
const _: () = {
    let mut i = 0;
    while i < TABLE.len() {
        assert!(TABLE[i].0 as usize == i);
        i += 1;
    }
};
