//! The generated crates. All subjects of a section do the same work.

mod enums;
mod sites;

use crate::lab::{Package, repository};

pub(crate) use enums::enums;
pub(crate) use sites::sites;

/// The number of enums, and the number of call sites.
const COUNT: usize = 200;

/// The numbers of variants of the growing enum.
pub(crate) const SIZES: [u32; 4] = [10, 100, 1_000, 4_000];

/// Crates that only have dependencies.
pub(crate) fn cold() -> Vec<Package> {
    vec![
        package("cold_ours", vec![ours()], String::new()),
        package("cold_peer", vec![strum(), tracing()], String::new()),
    ]
}

pub(crate) fn growth() -> Vec<Package> {
    let ours = SIZES.map(|size| package(&format!("grown_{size}"), vec![ours()], enums::grown(size)));
    let bare = SIZES.map(|size| package(&format!("grown_bare_{size}"), vec![], enums::grown_bare(size)));
    std::iter::once(empty()).chain(ours).chain(bare).collect()
}

/// An empty crate, to measure the cost of cargo and rustc alone.
fn empty() -> Package {
    package("empty", vec![ours()], String::new())
}

fn package(name: &str, dependencies: Vec<String>, source: String) -> Package {
    Package { name: name.to_owned(), dependencies, source }
}

fn ours() -> String {
    let path = repository().join("disconnect-core").display().to_string();
    format!("disconnect-core = {{ path = {path:?} }}")
}

fn strum() -> String {
    "strum = { version = \"=0.28.0\", default-features = false, features = [\"derive\"] }".to_owned()
}

fn tracing() -> String {
    "tracing = { version = \"0.1.44\", default-features = false }".to_owned()
}

/// Concatenates `COUNT` results of `item`.
fn repeated(head: &str, item: impl Fn(usize) -> String) -> String {
    (0..COUNT).fold(head.to_owned(), |source, i| source + &item(i))
}
