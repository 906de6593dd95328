//! The type beside the container says nothing of a connection: told once.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![anyhow = anyhow, std::fmt::Error];

fn main() {}
