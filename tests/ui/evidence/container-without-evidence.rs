//! The type beside the container has no verdict: reported once.

use disconnect_core::{Classifier, classifier};

static CLASSIFIER: Classifier = classifier![anyhow = anyhow, std::fmt::Error];

fn main() {}
