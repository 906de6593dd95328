//! A classifier takes sets of codes.

use disconnect_core::{Classifier, classifier};

enum Gateway {
    Done = 4000,
}

static CLASSIFIER: Classifier = classifier![codes = Gateway];

fn main() {
    println!("{CLASSIFIER:?} {}", Gateway::Done as u16);
}
