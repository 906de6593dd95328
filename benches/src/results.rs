//! Writes a table into its section of `RESULTS.md`, between the two comments that mark it.

use std::fs;
use std::path::Path;

use crate::table::Table;

/// Replaces the table of this section. The text around it stays.
///
/// # Errors
///
/// `RESULTS.md` cannot be read or written, or lacks the comments `<!-- section: begin -->` and `<!-- section: end -->`.
pub fn write(section: &str, table: &Table, command: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let fails = |error: std::io::Error| format!("{}: {error}", path.display());
    let results = fs::read_to_string(&path).map_err(fails)?;
    let [begin, end] = ["begin", "end"].map(|place| format!("<!-- {section}: {place} -->"));
    let around = results.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = around.ok_or_else(|| format!("RESULTS.md has no section `{begin}`, `{end}`"))?;
    let table = table.compact();
    fs::write(&path, format!("{before}{begin}\nMade by {command}.\n\n{table}{end}{after}")).map_err(fails)
}
