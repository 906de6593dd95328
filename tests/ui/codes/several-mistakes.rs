//! All mistakes are reported at once.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
#[codes(discord)]
enum Gateway {
    #[code(1500)]
    #[goodbye(Close)]
    Done,
    #[code(4001)]
    #[reason(Unknown, side = Local, cuase = Auth)]
    AuthFailed,
    #[code(4001)]
    Again,
    #[reason(Graceful)]
    Nameless,
    #[code("4002")]
    #[reason(ProtocolError)]
    #[goodbye(Closed)]
    BadFrame(u8),
}

fn main() {}
