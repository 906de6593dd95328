//! What has to hold on any input: a function of bytes for each target. `fuzz_targets` gives them to libFuzzer, and
//! `tests/replay.rs` runs them on stable.

// The sources of the derive, which refer to each other from the root of their crate. Nobody calls the macros' entries here.
#[path = "../../tests/lookup/both_halves.rs"]
mod both_halves;
#[path = "../../disconnect-derive/src/codes/mod.rs"]
mod codes;
#[path = "../../disconnect-derive/src/errors.rs"]
mod errors;
#[path = "../../disconnect-derive/src/event/mod.rs"]
mod event;
#[path = "../../disconnect-derive/src/evidence/mod.rs"]
mod evidence;
#[path = "../../disconnect-derive/src/field/mod.rs"]
mod field;
#[path = "../../disconnect-derive/src/hash.rs"]
mod hash;
#[path = "../../disconnect-derive/src/item.rs"]
mod item;
#[path = "../../disconnect-derive/src/keys.rs"]
mod keys;
#[path = "../../disconnect-derive/src/list.rs"]
mod list;
#[path = "../../disconnect-derive/src/literal.rs"]
mod literal;
#[path = "../../disconnect-derive/src/lookup.rs"]
mod lookup;
#[path = "../../disconnect-derive/src/path.rs"]
mod path;
#[path = "../../disconnect-derive/src/protocols.rs"]
mod protocols;
#[path = "../../disconnect-derive/src/slots.rs"]
mod slots;
#[path = "../../disconnect-derive/src/spelling.rs"]
mod spelling;
#[path = "../../disconnect-derive/src/split.rs"]
mod split;
#[path = "../../disconnect-derive/src/suggest.rs"]
mod suggest;
#[path = "../../disconnect-derive/src/taken.rs"]
mod taken;
#[path = "../../disconnect-derive/src/unsafe_chars.rs"]
mod unsafe_chars;

pub(crate) use crate::lookup as search;

pub mod corpus;
pub mod fixtures;
mod input;
mod targets;

/// A check of one input. It panics where something does not hold.
pub type Check = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Check); 10] = [
    ("code", targets::code::check),
    ("guard", targets::guard::check),
    ("layer", targets::layer::check),
    ("lookup", targets::lookup::check),
    ("macros", targets::macros::check),
    ("parse", targets::parse::check),
    ("stream", targets::stream::check),
    ("text", targets::text::check),
    ("threads", targets::threads::check),
    ("walk", targets::walk::check),
];

/// Runs the target of this name.
///
/// # Panics
///
/// Where something does not hold, and where there is no such target.
pub fn check(target: &str, input: &[u8]) {
    let (_, check) = TARGETS.into_iter().find(|(name, _)| *name == target).expect("a target of this name");
    check(input);
}

/// What a file in `fuzz_targets` consists of.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::check(stringify!($name), input));

        #[cfg(not(fuzzing))]
        fn main() {
            eprintln!("run it by `fuzz/run {}`", stringify!($name));
        }
    };
}
