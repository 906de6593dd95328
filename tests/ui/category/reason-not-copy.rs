use disconnect_core::{Disconnect, DisconnectField};

#[derive(Clone, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Quit,
}

fn main() {
    let _ = Disconnect::new(LeaveReason::Quit);
}
