//! A mistake in an enum is reported once, and not again wherever the enum is used.

use disconnect_core::evidence::derived;
use disconnect_core::{Classifier, DisconnectEvidence};

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
#[error("the session failed")]
enum SessionError {
    #[reason(NetworkError, side = Network)]
    Heartbeat,
    BadFrame(Vec<u8>),
}

static CLASSIFIER: Classifier = Classifier::with(&[derived::<SessionError>]);

fn main() {
    CLASSIFIER.verdict(&SessionError::Heartbeat);
    SessionError::BadFrame(Vec::new()).evidence();
}
