//! The path to the container is misspelt.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![anyhow = any_how];

fn main() {}
