//! A text has no space.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("nats")]
enum Nats {
    #[code("Stale Connection")]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
