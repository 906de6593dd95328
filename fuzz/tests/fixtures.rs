//! The macros refuse the fixtures of `tests/ui` with the committed messages. `tests/ui.rs` runs them through the compiler,
//! which takes minutes, and holds where each error is as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use disconnect_fuzz::fixtures::errors_of;

#[test]
fn the_fixtures_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui");
    let mut refused = 0;
    for topic in ["category", "codes", "event", "evidence"] {
        for entry in fs::read_dir(folder.join(topic)).expect("a folder of fixtures") {
            let path = entry.expect("a fixture").path();
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            // These are of `macro_rules!`, which only the compiler runs.
            let is_declarative = path.file_name().is_some_and(|name| {
                ["adapter-", "assert-"].iter().any(|topic| name.to_string_lossy().starts_with(topic))
            });
            if is_source && !is_declarative {
                let found: BTreeSet<String> = errors_of(&read(&path)).into_iter().collect();
                refused += usize::from(!found.is_empty());
                assert_eq!(found, written(&path), "{}", path.display());
            }
        }
    }
    assert!(refused > 200, "{refused} fixtures are refused");
}

/// What the macros say of a fixture, among what the compiler says.
fn written(fixture: &Path) -> BTreeSet<String> {
    let printed = read(&fixture.with_extension("stderr"));
    let messages = printed.lines().filter_map(|line| line.strip_prefix("error: ").map(str::to_owned));
    messages.filter(|message| !message.starts_with("cannot find attribute")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a fixture with its output")
}
