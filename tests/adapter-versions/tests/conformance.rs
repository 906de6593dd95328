//! The adapters follow the rules of `Conformance`.

use std::time::Duration;

use disconnect_adapter_versions::{EVERY_ADAPTER, three_levels};
use disconnect_core::evidence::Conformance;
use disconnect_core::{Classifier, classifier};

fn check(classifier: &'static Classifier) -> Conformance {
    Conformance::new(classifier).counting(|run| allocation_counter::measure(run).count_total)
}

#[test]
fn tungstenite() {
    static GIVEN: Classifier = classifier![tungstenite = tungstenite_30];
    check(&GIVEN)
        .fault("an attack", &tungstenite_30::Error::AttackAttempt)
        .follows("use after close", &tungstenite_30::Error::ConnectionClosed)
        .wraps("the transport", tungstenite_30::Error::Io)
        .assert();
}

#[test]
fn tonic_hyper_and_h2() {
    static GIVEN: Classifier = classifier![tonic = tonic, hyper = hyper_1, h2 = h2_04];
    check(&GIVEN)
        .fault("GOAWAY with a code", &three_levels())
        .fault("a status of the peer's", &tonic::Status::unauthenticated("who are you?"))
        .fault("a code of h2", &h2_04::Error::from(h2_04::Reason::PROTOCOL_ERROR))
        .assert();
}

#[test]
fn quinn() {
    static GIVEN: Classifier = classifier![quinn = quinn_011];
    check(&GIVEN)
        .fault("silence", &quinn_011::ConnectionError::TimedOut)
        .fault("a stateless reset", &quinn_011::ReadError::ConnectionLost(quinn_011::ConnectionError::Reset))
        .follows("closed by us", &quinn_011::ConnectionError::LocallyClosed)
        .assert();
}

#[test]
fn rustls() {
    static GIVEN: Classifier = classifier![rustls = rustls_023];
    let refused = rustls_023::Error::AlertReceived(rustls_023::AlertDescription::UnknownCA);
    check(&GIVEN).fault("the peer refuses", &refused).fault("a bad record", &rustls_023::Error::DecryptError).assert();
}

#[test]
fn russh() {
    static GIVEN: Classifier = classifier![russh = russh];
    check(&GIVEN)
        .fault("a packet of a gigabyte", &russh::Error::PacketSize(1 << 30))
        .follows("the session ended before", &russh::Error::Disconnect)
        .wraps("the transport", russh::Error::IO)
        .assert();
}

#[tokio::test(flavor = "current_thread")]
async fn tokio_and_all_adapters_together() {
    let elapsed = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
    check(&EVERY_ADAPTER).fault("a timer", &elapsed).wraps("the transport", russh::Error::IO).assert();
}
