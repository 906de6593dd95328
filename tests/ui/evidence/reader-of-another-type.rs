//! A reader takes an error and gives a `Reading`.

use disconnect_core::{Classifier, classifier};

fn read(_: &std::io::Error) -> bool {
    true
}

static CLASSIFIER: Classifier = classifier![reader = read];

fn main() {}
