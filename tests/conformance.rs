//! The conformance kit: it passes a right adapter, and names each mistake of a wrong one.

use std::error::Error;
use std::hint::black_box;
use std::io;

use disconnect_core::evidence::vocabulary::says;
use disconnect_core::evidence::{Conformance, Reading};
use disconnect_core::{Classifier, DisconnectEvidence, DisconnectReason, Side, Verdict, classifier};

#[derive(Debug, thiserror::Error, DisconnectEvidence)]
enum Failed {
    #[error("too slow")]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    TooSlow,
    #[error("the connection is gone")]
    #[reason(NetworkError, rank = FollowOn)]
    Gone,
    #[error("the peer leaves")]
    #[reason(Graceful, side = Remote)]
    PeerLeaves,
    #[error("this side leaves")]
    #[reason(Graceful, side = Local)]
    ThisSideLeaves,
    #[error("the transport")]
    #[transparent]
    Io(#[source] io::Error),
    #[error("the transport, hidden")]
    #[reason(ProtocolError)]
    Hidden(io::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("of another library")]
struct Other;

static ADAPTER: Classifier = classifier![Failed];

fn lines(report: &Conformance) -> Vec<String> {
    // The first three are on errors of no library.
    report.to_string().lines().skip(3).map(str::to_owned).collect()
}

#[test]
fn a_right_adapter_passes() {
    let report = Conformance::new(&ADAPTER)
        .counting(|run| allocation_counter::measure(run).count_total)
        .fault("too slow", &Failed::TooSlow)
        .follows("gone", &Failed::Gone)
        .goodbye("the peer leaves", &Failed::PeerLeaves)
        .wraps("the transport", Failed::Io);
    assert!(report.is_ok());
    assert_eq!(
        report.assert(),
        "ok    a foreign error: not read\n\
         ok    an error whose text panics: not read\n\
         ok    a boxed error: not read\n\
         ok    too slow: network_error by the network, cause keepalive_timeout, rank Timeout\n\
         ok    gone: network_error by the network, rank FollowOn\n\
         ok    the peer leaves: graceful by the peer, rank Stated\n\
         ok    the transport, a reset inside: network_error by the network, cause reset, rank Transport\n\
         ok    the transport, an error inside whose text panics: unknown, rank NotUnderstood\n",
    );
}

#[test]
fn each_mistake_is_named() {
    let wrong = Conformance::new(&ADAPTER)
        .fault("a goodbye as a fault", &Failed::PeerLeaves)
        .fault("a fault that is not read", &Other)
        .fault("a fault of the lowest rank", &Failed::Gone)
        .follows("a goodbye as a consequence", &Failed::PeerLeaves)
        .follows("a consequence that is not read", &Other)
        .follows("a consequence of a high rank", &Failed::TooSlow)
        .goodbye("a fault as a goodbye", &Failed::TooSlow)
        .goodbye("a goodbye of this side", &Failed::ThisSideLeaves)
        .wraps("hidden", Failed::Hidden);
    assert!(!wrong.is_ok());
    assert_eq!(
        lines(&wrong),
        [
            "WRONG a goodbye as a fault: the verdict is expected, but the error is a fault: graceful by the peer, rank Stated",
            "WRONG a fault that is not read: no reader understands it: unknown, rank NotUnderstood",
            "WRONG a fault of the lowest rank: its rank is `FollowOn`, so that any other evidence replaces it: network_error by the network, rank FollowOn",
            "WRONG a goodbye as a consequence: the verdict is expected, but the error is a fault: graceful by the peer, rank Stated",
            "WRONG a consequence that is not read: no reader understands it: unknown, rank NotUnderstood",
            "WRONG a consequence of a high rank: its rank is as high as that of the fault before it: network_error by the network, cause keepalive_timeout, rank Timeout",
            "WRONG a fault as a goodbye: the verdict is unexpected, but the error is a goodbye: network_error by the network, cause keepalive_timeout, rank Timeout",
            "WRONG a goodbye of this side: the verdict is expected, but the peer did not say goodbye: graceful by this side, rank Stated",
            "WRONG hidden, a reset inside: the adapter does not find the reset inside: protocol_error, rank Violation",
            "ok    hidden, an error inside whose text panics: protocol_error, rank Violation",
        ]
    );
}

#[test]
#[should_panic(expected = "the adapter does not conform\nok    a foreign error: not read")]
fn a_wrong_adapter_panics_with_the_report() {
    let _ = Conformance::new(&ADAPTER).fault("not read", &Other).assert();
}

#[test]
fn a_reader_of_everything_is_refused() {
    fn everything<'a>(_: &'a (dyn Error + 'static)) -> Reading<'a> {
        Reading::verdict(Verdict::new(DisconnectReason::NetworkError, Side::Network))
    }
    let report = Conformance::new(&Classifier::with(&[everything]));
    assert!(!report.is_ok());
    let read = "the adapter reads it, but it is no error of its library";
    assert_eq!(
        report.to_string(),
        format!(
            "WRONG a foreign error: {read}\nWRONG an error whose text panics: {read}\nWRONG a boxed error: {read}\n"
        ),
    );
}

#[test]
fn a_reader_of_any_librarys_text_is_refused() {
    fn text<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        if says(error, "text") {
            Reading::verdict(Verdict::new(DisconnectReason::NetworkError, Side::Network))
        } else {
            Reading::NOTHING
        }
    }
    let report = Conformance::new(&Classifier::with(&[text]));
    assert_eq!(
        report.to_string(),
        "ok    a foreign error: not read\n\
         ok    an error whose text panics: not read\n\
         WRONG a boxed error: the adapter reads it, but it is no error of its library\n",
    );
}

#[test]
fn a_reader_that_formats_the_error_is_refused() {
    fn formats<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        let _ = black_box(error.to_string());
        Reading::NOTHING
    }
    let report = Conformance::new(&Classifier::with(&[formats]))
        .counting(|run| allocation_counter::measure(run).count_total)
        .wraps("the transport", Failed::Io)
        .follows("formatted", &Other);
    assert!(!report.is_ok());
    assert_eq!(
        report.to_string(),
        "ok    a foreign error: not read\n\
         WRONG an error whose text panics: reading it panics\n\
         ok    a boxed error: not read\n\
         WRONG the transport, a reset inside: reading it makes 1 allocations\n\
         WRONG the transport, an error inside whose text panics: reading it panics\n\
         WRONG formatted: reading it makes 1 allocations\n",
    );
}
