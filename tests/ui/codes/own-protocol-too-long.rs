//! The name of a protocol is short.

use disconnect_core::DisconnectCode;

#[derive(Clone, Copy, DisconnectCode)]
#[codes("the_gateway_of_the_chat_service")]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closed)]
    Done,
}

fn main() {}
