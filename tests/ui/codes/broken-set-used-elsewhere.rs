//! The uses of a set with a mistake are not reported as well.

use disconnect_core::{Classifier, Code, DisconnectCode, Endpoint, classifier};

#[derive(Clone, Copy, DisconnectCode)]
#[codes(websocket)]
enum Gateway {
    #[code(4000)]
    #[goodbye(Closd)]
    Done,
}

static CLASSIFIER: Classifier = classifier![codes = Gateway];

fn main() {
    let end = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER).received(Gateway::Done);
    println!("{end:?} {:?} {}", Gateway::from_code(Code::websocket(4000)).is_some(), Gateway::Done.name());
}
