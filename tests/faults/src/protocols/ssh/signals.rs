//! Signals: SSH uses names (RFC 4254, section 6.10), the system uses numbers.

use russh::Sig;

/// The SSH name of a signal. A signal without one gets a name of this agent.
pub(super) fn name(number: i32) -> Sig {
    match number {
        1 => Sig::HUP,
        2 => Sig::INT,
        3 => Sig::QUIT,
        4 => Sig::ILL,
        6 => Sig::ABRT,
        8 => Sig::FPE,
        9 => Sig::KILL,
        10 => Sig::USR1,
        11 => Sig::SEGV,
        12 => Sig::Custom("USR2".into()),
        13 => Sig::PIPE,
        14 => Sig::ALRM,
        15 => Sig::TERM,
        24 => Sig::Custom("XCPU@faults".into()),
        other => Sig::Custom(format!("{other}@faults")),
    }
}
