//! A classification does not allocate.

use std::error::Error;
use std::hint::black_box;

use disconnect_adapter_versions::{EVERY_ADAPTER, EVERY_VERSION, three_levels};
use disconnect_core::{Category, Endpoint};

#[test]
fn a_classification_does_not_allocate() {
    let status = three_levels();
    let hyper = status.source().expect("hyper's error");
    assert!(hyper.is::<hyper_1::Error>() && hyper.source().is_some_and(<dyn Error>::is::<h2_04::Error>));
    for classifier in [&EVERY_ADAPTER, &EVERY_VERSION] {
        let mut end = None;
        let info = allocation_counter::measure(|| {
            end = Some(black_box(Endpoint::AGENT_FACING_SERVER.with_classifier(classifier).failed(black_box(&status))));
        });
        assert_eq!(info.count_total, 0, "{end:?}");
        let end = end.expect("a record");
        assert_eq!(
            (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str)),
            ("unknown", Some("server"), Some("overload"))
        );
    }
}
