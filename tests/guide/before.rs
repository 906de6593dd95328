//! What the chapter `migration` starts from, and that its values stay the same.

#![allow(unreachable_pub, reason = "shown as a user would have it")]

mod free_strings {
    use tracing::{error, info};

    pub fn session_closed(peer_id: u64, result: Result<(), std::io::Error>) {
        match result {
            Ok(()) => info!(peer_id, "session closed"),
            Err(error) => error!(peer_id, reason = %error, "session failed"),
        }
    }
}

mod with_strum {
    use strum::{EnumString, IntoStaticStr};

    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
    #[strum(serialize_all = "snake_case")]
    pub enum LeaveReason {
        Quit,
        #[strum(to_string = "afk_kick", serialize = "afk")]
        Idle,
        LostConnection,
    }

    impl LeaveReason {
        pub fn is_normal(self) -> bool {
            matches!(self, Self::Quit | Self::Idle)
        }
    }
}

mod by_hand {
    #[derive(Clone, Copy)]
    pub enum CloseReason {
        UserQuit,
        IdleTimeout,
        Lost,
    }

    impl CloseReason {
        pub fn as_str(self) -> &'static str {
            match self {
                Self::UserQuit => "User quit",
                Self::IdleTimeout => "Idle timeout",
                Self::Lost => "lost",
            }
        }
    }
}

/// The sets that the chapter arrives at.
mod after {
    use disconnect_core::DisconnectField;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("leave_reason")]
    pub enum LeaveReason {
        #[expected]
        Quit,
        #[expected]
        #[value("afk_kick")]
        #[alias("afk")]
        Idle,
        LostConnection,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("close_reason", values = "verbatim")]
    pub enum CloseReason {
        #[value("User quit")]
        #[expected]
        UserQuit,
        #[value("Idle timeout")]
        #[expected]
        IdleTimeout,
        Lost,
    }
}

#[test]
fn free_strings_are_no_disconnect_line() {
    let reset = || Err(std::io::ErrorKind::ConnectionReset.into());
    disconnect_core::testing::capture(|| {
        free_strings::session_closed(7, Ok(()));
        free_strings::session_closed(7, reset());
    })
    .none();
}

#[test]
fn strum_and_the_derive_read_and_write_the_same() {
    use with_strum::LeaveReason as Old;

    for (old, new) in [Old::Quit, Old::Idle, Old::LostConnection].into_iter().zip(after::LeaveReason::ALL) {
        assert_eq!(<&str>::from(old), new.as_str());
        assert_eq!(old.is_normal(), new.expected());
    }
    for text in ["quit", "afk", "afk_kick", "lost_connection", "", "Quit", "rage_quit"] {
        let old: Option<&str> = text.parse::<Old>().ok().map(Into::into);
        assert_eq!(old, after::LeaveReason::parse(text).map(after::LeaveReason::as_str), "{text:?}");
    }
}

#[test]
fn an_enum_by_hand_keeps_its_values() {
    use by_hand::CloseReason as Old;

    let old = [Old::UserQuit, Old::IdleTimeout, Old::Lost].map(Old::as_str);
    assert_eq!(old.as_slice(), after::CloseReason::ALL.iter().map(|new| new.as_str()).collect::<Vec<_>>());
}
