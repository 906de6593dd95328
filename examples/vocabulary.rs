//! Declares a vocabulary of your own: the reasons why players leave a game server, with the log keys of the library.

use std::io::{self, IsTerminal};

use disconnect_core::{Disconnect, DisconnectField, assert_categories, disconnected};

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    /// The reason is not known.
    #[alias("")]
    Unknown,
    /// The player quit from the menu.
    #[expected]
    Quit,
    /// The player was inactive for too long.
    #[value("afk_kick")]
    Idle,
    /// The player's connection failed.
    LostConnection,
}

/// What exactly happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
enum LeaveCause {
    /// The player's machine sent no heartbeat in time.
    HeartbeatTimeout,
    /// The player signed in on another machine.
    Superseded,
}

/// The phase of the game, under a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("game_phase")]
enum GamePhase {
    /// Waiting for other players.
    Lobby,
    /// In a running match.
    Match,
}

// Dashboards depend on these values. A changed set does not compile until this list is updated.
assert_categories!(LeaveReason, ["unknown", "quit", "afk_kick", "lost_connection"], expected: ["quit"]);
assert_categories!(LeaveCause, ["heartbeat_timeout", "superseded"]);

fn main() {
    tracing_subscriber::fmt().with_ansi(io::stdout().is_terminal()).with_target(false).without_time().init();

    catalogue::<LeaveReason>();
    catalogue::<LeaveCause>();
    catalogue::<GamePhase>();

    // A record: made where the end is seen, logged where the player is known.
    let end = Disconnect::new(LeaveReason::LostConnection).with_cause(LeaveCause::HeartbeatTimeout);
    disconnected!(end, field(GamePhase = GamePhase::Match), player = 17, "player left");

    // Slots: everything at the call site.
    let minutes = 15;
    disconnected!(
        reason = LeaveReason::Idle,
        detail = format_args!("idle for {minutes} minutes"),
        field(GamePhase = GamePhase::Lobby),
        player = 4,
        "player left"
    );
    disconnected!(reason = LeaveReason::Quit, field(GamePhase = GamePhase::Match), player = 23, "player left");
}

/// Prints every category of a set, for a runbook or a dashboard.
fn catalogue<T: DisconnectField>() {
    println!("{}", T::FIELD);
    for category in T::CATEGORIES {
        let expected_flag = category.expected.map_or("", |expected| if expected { "expected" } else { "unexpected" });
        println!("  {:17}  {expected_flag:12}  {}", category.value, category.docs);
    }
    println!();
}
