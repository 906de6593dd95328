//! An error of a library has no verdict.

use disconnect_core::Classifier;
use disconnect_core::evidence::derived;

static CLASSIFIER: Classifier = Classifier::with(&[derived::<std::fmt::Error>]);

fn main() {}
