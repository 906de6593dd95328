//! The public API of the published crates, item by item.

use std::path::Path;

use disconnect_release::{PUBLISHED, cargo, holds, pinned_compiler, repository};

#[test]
fn every_public_item_is_listed() {
    if !pinned_compiler() {
        return;
    }
    for package in PUBLISHED {
        let name = package.replace('-', "_");
        let (target, _) = cargo(
            &repository(),
            &[
                "rustdoc",
                "--package",
                package,
                "--lib",
                "--all-features",
                "--",
                "-Zunstable-options",
                "--output-format",
                "json",
            ],
        );
        holds(&format!("api/{package}.txt"), &listing(&target.join("doc").join(name).with_extension("json")));
    }
}

/// One item a line, without what the compiler implements for every type.
fn listing(json: &Path) -> String {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("this version reads the JSON of this compiler");
    api.items().map(|item| item.to_string() + "\n").collect()
}
