//! The path leads to another library.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![h2 = std];

fn main() {}
