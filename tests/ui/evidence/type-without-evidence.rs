//! An error of a library's does not say what it means.

use disconnect_core::Classifier;
use disconnect_core::evidence::derived;

static CLASSIFIER: Classifier = Classifier::with(&[derived::<std::fmt::Error>]);

fn main() {}
