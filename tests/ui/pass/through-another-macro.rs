//! Lines that a macro of the user writes: fragments keep their precedence, and nothing is evaluated twice.

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason, disconnected};

macro_rules! by_slots {
    ($why:expr, $who:expr, $count:expr) => {
        disconnected!(reason = $why, initiator = $who, twice = $count * 2, count = $count, "session closed")
    };
}

macro_rules! by_record {
    ($end:expr, $($extra:tt)*) => {
        disconnected!($end, $($extra)* "session closed")
    };
}

macro_rules! with_level {
    ($level:ident, $message:literal, $why:expr) => {
        disconnected!(level: $level, reason = $why, $message)
    };
}

macro_rules! with_type {
    ($why:expr, $ty:ty) => {
        disconnected!(reason = $why, size = size_of::<$ty>(), "session closed")
    };
}

macro_rules! with_key {
    ($why:expr, $key:ident, $who:path) => {
        disconnected!(reason = $why, initiator = $who, $key = 1, "session closed")
    };
}

fn main() {
    let broken = false;
    by_slots!(
        if broken { DisconnectReason::Unknown } else { DisconnectReason::Graceful },
        None::<DisconnectInitiator>,
        1 + 2
    );
    by_slots!(DisconnectReason::Graceful, Some(DisconnectInitiator::Client), 3);
    by_record!(Disconnect::new(DisconnectReason::Graceful).with_detail("bye"),);
    by_record!(&Disconnect::new(DisconnectReason::Graceful), id = 1, less = 1 < 2,);
    with_level!(DEBUG, "session closed", DisconnectReason::Graceful);
    with_type!(DisconnectReason::Graceful, std::collections::HashMap<u8, u16>);
    with_key!(DisconnectReason::Graceful, session_id, DisconnectInitiator::Client);
}
