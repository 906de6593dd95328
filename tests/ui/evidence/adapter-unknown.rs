//! A library without an adapter.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![mongodb = std];

fn main() {}
