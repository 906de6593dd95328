//! The path of the library is missing.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![h2 =];

fn main() {}
