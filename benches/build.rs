//! Generates the sets of names for the run-time measurements: 8, 64 and 512 names, each in the form of every subject.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

/// The reasons of the vocabulary.
const EIGHT: [&str; 8] = [
    "unknown",
    "graceful",
    "client_closed",
    "server_shutdown",
    "network_error",
    "protocol_error",
    "workspace_stopped",
    "control_plane_lost",
];

/// The larger sets combine these words, so that many names share a prefix, a suffix and a length.
const WHO: [&str; 8] = ["agent", "client", "gateway", "peer", "relay", "server", "session", "tunnel"];
const WHAT: [&str; 8] = ["closed", "dropped", "expired", "limited", "refused", "replaced", "reset", "timed_out"];
const WHEN: [&str; 8] = [
    "after_login",
    "at_start",
    "during_upload",
    "in_handshake",
    "on_idle",
    "on_reload",
    "under_load",
    "while_draining",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let names = |parts: &[&[&str]]| -> Vec<String> {
        parts.iter().fold(vec![String::new()], |names, part| {
            let next = |name: String| {
                part.iter().map(move |word| if name.is_empty() { (*word).to_owned() } else { format!("{name}_{word}") })
            };
            names.into_iter().flat_map(next).collect()
        })
    };
    let mut source = String::new();
    for (module, names) in
        [("eight", names(&[&EIGHT])), ("sixty_four", names(&[&WHO, &WHAT])), ("many", names(&[&WHO, &WHAT, &WHEN]))]
    {
        let _ = set(&mut source, module, &names);
    }
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("sets.rs"), source)
}

fn set(source: &mut String, module: &str, names: &[String]) -> std::fmt::Result {
    let variants: Vec<String> = names.iter().map(|name| camel(name)).collect();
    let each = |line: &dyn Fn(usize) -> String| -> String { (0..names.len()).map(line).collect() };
    writeln!(source, "/// {} names.\npub(crate) mod {module} {{", names.len())?;
    writeln!(source, "pub(crate) const NAMES: [&str; {}] = {names:?};", names.len())?;
    writeln!(
        source,
        "#[derive(Clone, Copy, Debug, PartialEq, Eq, disconnect_core::DisconnectField)]\n#[field(\"bench\")]\n\
         pub(crate) enum Ours {{ {} }}",
        each(&|i| format!("{}{}, ", if i % 2 == 0 { "#[expected] " } else { "" }, variants[i]))
    )?;
    writeln!(
        source,
        "#[derive(Clone, Copy, Debug, strum::EnumString, strum::IntoStaticStr, serde::Deserialize)]\n\
         #[strum(serialize_all = \"snake_case\")]\n#[serde(rename_all = \"snake_case\")]\n\
         pub(crate) enum Theirs {{ {} }}",
        each(&|i| format!("{}, ", variants[i]))
    )?;
    writeln!(
        source,
        "pub(crate) fn by_match(text: &str) -> Option<usize> {{ Some(match text {{ {} _ => return None }}) }}",
        each(&|i| format!("{:?} => {i}, ", names[i]))
    )?;
    writeln!(
        source,
        "pub(crate) static MAP: phf::Map<&'static str, usize> = phf::phf_map! {{ {} }};",
        each(&|i| format!("{:?} => {i}, ", names[i]))
    )?;
    writeln!(source, "}}")
}

fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}
