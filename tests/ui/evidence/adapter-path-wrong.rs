//! The path to the library is misspelt.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![h2 = hh2];

fn main() {}
