//! Generic code is given a string instead of a category.

use disconnect_core::DisconnectField;

fn log(category: impl DisconnectField) {
    let _ = category.field();
}

fn main() {
    log("draining");
}
