// A category enum without a mistake.

#[derive(Clone, Copy, Debug, PartialEq, Eq, disconnect_core::DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}
