//! MQTT leaves no codes to applications.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(mqtt)]
enum Gateway {
    #[code(0x90)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
