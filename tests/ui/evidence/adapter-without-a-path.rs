//! Nothing says where the library is.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![h2 =];

fn main() {}
