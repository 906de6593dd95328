//! A vocabulary of one's own: why players leave a game server, in the game's words and on the same log keys.

use std::io::{self, IsTerminal};

use disconnect_core::{Disconnect, DisconnectField, assert_categories, disconnected};

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    /// Nobody said why.
    #[alias("")]
    Unknown,
    /// The player quit from the menu.
    #[expected]
    Quit,
    /// The player did nothing for too long.
    #[value("afk_kick")]
    Idle,
    /// The player's connection failed.
    LostConnection,
}

/// What exactly happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
enum LeaveCause {
    /// No heartbeat from the player's machine.
    HeartbeatTimeout,
    /// The player signed in on another machine.
    Superseded,
}

/// Where in the game a player was: a key of the game's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("game_phase")]
enum GamePhase {
    /// Waiting for other players.
    Lobby,
    /// In a running match.
    Match,
}

// Dashboards rely on these values: whoever changes the set has to come by here.
assert_categories!(LeaveReason, ["unknown", "quit", "afk_kick", "lost_connection"], expected: ["quit"]);
assert_categories!(LeaveCause, ["heartbeat_timeout", "superseded"]);

fn main() {
    tracing_subscriber::fmt().with_ansi(io::stdout().is_terminal()).with_target(false).without_time().init();

    catalogue::<LeaveReason>();
    catalogue::<LeaveCause>();
    catalogue::<GamePhase>();

    // A record, put together where the end is seen and logged where the player is known.
    let end = Disconnect::new(LeaveReason::LostConnection).with_cause(LeaveCause::HeartbeatTimeout);
    disconnected!(end, field(GamePhase = GamePhase::Match), player = 17, "player left");

    // Or named slots on the spot.
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

/// Prints every category of a set: what a runbook or a dashboard needs to know.
fn catalogue<T: DisconnectField>() {
    println!("{}", T::FIELD);
    for category in T::CATEGORIES {
        let expected_flag = category.expected.map_or("", |expected| if expected { "expected" } else { "to look into" });
        println!("  {:17}  {expected_flag:12}  {}", category.value, category.docs);
    }
    println!();
}
