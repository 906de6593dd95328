//! A mistake in an enum is reported once, and not again wherever the enum is used.

use disconnect_core::DisconnectField;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect reason")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

disconnect_core::assert_categories!(ClosePhase, ["draining", "done"], expected: ["draining"]);

fn main() {
    const VALUE: &str = ClosePhase::Draining.as_str();
    let end = disconnect_core::Disconnect::new(ClosePhase::Done);
    println!("{VALUE} {} {} {end:?}", ClosePhase::Done, ClosePhase::Draining.expected());
    println!("{:?} {:?}", ClosePhase::parse(VALUE), VALUE.parse::<ClosePhase>());
    println!("{:?} {}", ClosePhase::Draining.expected_field(), ClosePhase::ALL.len());
    disconnect_core::disconnected!(reason = ClosePhase::Done, field(ClosePhase = ClosePhase::Done), "ended");
}
