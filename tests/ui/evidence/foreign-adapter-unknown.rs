//! The macro of the other crate is misspelt.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![disconnect_core::adapterr! = std];

fn main() {}
