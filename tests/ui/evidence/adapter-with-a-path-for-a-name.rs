//! An adapter has one name; the path comes after it.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![std::h2 = std];

fn main() {}
