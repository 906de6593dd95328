//! Enums of eight variants: bare, with the derive, and with the code that the derive replaces.

use std::fmt::Write as _;

use super::{empty, ours, package, repeated, strum};
use crate::lab::Package;

const PLAIN: &str = "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]";

/// Variant, logged value, expected flag, documentation.
const VARIANTS: [(&str, &str, bool, &str); 8] = [
    ("Unknown", "unknown", false, "Nobody said why."),
    ("Quit", "quit", true, "The player quit from the menu."),
    ("IdleTimeout", "afk_kick", false, "No input for a long time."),
    ("KickedByAdmin", "kicked_by_admin", false, "An administrator ended the session."),
    ("ServerFull", "server_full", false, "Somebody with priority took the place."),
    ("VersionMismatch", "version_mismatch", false, "The two ends speak different versions."),
    ("ConnectionLost", "connection_lost", false, "The network went away."),
    ("ShuttingDown", "shutting_down", true, "The server is going away, and said so."),
];

/// The only variant whose value is not its name in `snake_case`.
const RENAMED: &str = "IdleTimeout";

pub(crate) fn enums() -> Vec<Package> {
    vec![
        empty(),
        package("enums_bare", vec![], repeated("", bare)),
        package("enums_by_hand", vec![], repeated(include_str!("by_hand_head.txt"), by_hand)),
        package("enums_strum", vec![strum()], repeated(STRUM, with_strum)),
        package("enums_ours", vec![ours()], repeated(OURS, with_derive)),
    ]
}

const OURS: &str = "use disconnect_core::DisconnectField;\n";

const STRUM: &str = "use strum::{AsRefStr, Display, EnumMessage, EnumString, IntoStaticStr, VariantArray};\n";

/// One enum with many variants.
pub(crate) fn grown(size: u32) -> String {
    let variants = (0..size).fold(String::new(), |variants, i| {
        let expected = if i % 4 == 1 { "    #[expected]\n" } else { "" };
        variants + &format!("    /// Category number {i}.\n{expected}    Category{i},\n")
    });
    format!("{OURS}{PLAIN}\n#[derive(DisconnectField)]\n#[field(\"grown\")]\npub enum Grown {{\n{variants}}}\n")
}

/// One enum with many variants, without the derive.
pub(crate) fn grown_bare(size: u32) -> String {
    let variants =
        (0..size).fold(String::new(), |all, i| all + &format!("    /// Category number {i}.\n    Category{i},\n"));
    format!("{PLAIN}\npub enum Grown {{\n{variants}}}\n")
}

fn bare(i: usize) -> String {
    format!("{PLAIN}\npub enum Reason{i} {{\n{}}}\n", variants(|_, _, _| String::new()))
}

fn with_derive(i: usize) -> String {
    let variants = variants(|ident, value, expected| {
        let expected = if expected { "    #[expected]\n" } else { "" };
        if ident == RENAMED { format!("{expected}    #[value(\"{value}\")]\n") } else { expected.to_owned() }
    });
    format!("{PLAIN}\n#[derive(DisconnectField)]\n#[field(\"reason_{i}\")]\npub enum Reason{i} {{\n{variants}}}\n")
}

fn with_strum(i: usize) -> String {
    let derives = "#[derive(EnumString, IntoStaticStr, AsRefStr, Display, VariantArray, EnumMessage)]";
    let variants =
        variants(
            |ident, value, _| {
                if ident == RENAMED { format!("    #[strum(serialize = \"{value}\")]\n") } else { String::new() }
            },
        );
    format!("{PLAIN}\n{derives}\n#[strum(serialize_all = \"snake_case\")]\npub enum Reason{i} {{\n{variants}}}\n")
}

fn variants(attributes: impl Fn(&str, &str, bool) -> String) -> String {
    VARIANTS.iter().fold(String::new(), |variants, (ident, value, expected, docs)| {
        variants + &format!("    /// {docs}\n{}    {ident},\n", attributes(ident, value, *expected))
    })
}

/// The code that the derive generates, as its author would write it by hand.
fn by_hand(i: usize) -> String {
    let mut fill = [String::new(), String::new(), String::new(), String::new(), String::new()];
    let [all, rows, values, names, expected] = &mut fill;
    for (ident, value, is_expected, docs) in VARIANTS {
        let _ = write!(all, "Self::{ident}, ");
        let _ = writeln!(
            rows,
            "        Category {{ value: {value:?}, aliases: &[], expected: Some({is_expected}), docs: {docs:?} }},"
        );
        let _ = writeln!(values, "            Self::{ident} => {value:?},");
        let _ = writeln!(names, "            b{value:?} => Some(Self::{ident}),");
        if is_expected {
            let _ = write!(expected, "{}Self::{ident}", if expected.is_empty() { "" } else { " | " });
        }
    }
    let parts = [("ALL", all), ("ROWS", rows), ("VALUES", values), ("NAMES", names), ("EXPECTED", expected)];
    let template = parts
        .into_iter()
        .fold(BY_HAND.to_owned(), |template, (part, text)| template.replace(&format!("@{part}@"), text.trim_end()));
    bare(i) + &template.replace("@I@", &i.to_string())
}

const BY_HAND: &str = include_str!("by_hand_enum.txt");
