//! Signals, which SSH names (RFC 4254, section 6.10) and the system numbers.

use russh::Sig;

/// What SSH calls a signal. One without a name there gets one of this agent's.
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
