//! Signals, which SSH names (RFC 4254, section 6.10) and codes number.

use russh::Sig;

const SIGNALS: [(i32, Sig); 6] =
    [(2, Sig::INT), (6, Sig::ABRT), (9, Sig::KILL), (11, Sig::SEGV), (13, Sig::PIPE), (15, Sig::TERM)];

pub(super) fn name(number: i32) -> Option<Sig> {
    SIGNALS.into_iter().find(|row| row.0 == number).map(|row| row.1)
}

pub(super) fn number(name: &Sig) -> Option<i32> {
    let same = |row: &(i32, Sig)| std::mem::discriminant(&row.1) == std::mem::discriminant(name);
    SIGNALS.into_iter().find(same).map(|row| row.0)
}
