//! A classifier reads errors, and this type is none.

use disconnect_core::{Classifier, DisconnectEvidence, classifier};

#[derive(DisconnectEvidence)]
enum SessionEnd {
    #[reason(Graceful, side = Local)]
    Finished,
}

static CLASSIFIER: Classifier = classifier![SessionEnd];

fn main() {}
