//! Draws what a program printed to a terminal as an SVG: the picture of the tour in the guide.
//!
//! ```sh
//! script --quiet --command "cargo run --quiet --example tour" /dev/null |
//!   cargo run --quiet --example terminal_svg > disconnect-core/src/guide/pictures/tour.svg
//! ```

use std::io::{self, Read, Write};

use anstyle_svg::{Term, WIN10_CONSOLE};

/// As wide as the terminal of the picture.
const COLUMNS: usize = 132;

/// Where the rest of a long line begins.
const INDENT: &str = "                ";

const NOTE: &str = "<!-- Made from a run of the tour: see examples/terminal_svg.rs. -->";

fn main() -> io::Result<()> {
    let mut printed = String::new();
    io::stdin().read_to_string(&mut printed)?;
    let svg = Term::new().palette(WIN10_CONSOLE).render_svg(&wrapped(&printed));
    // A browser scales a picture with a `viewBox` alone. Dimmed text would then be hard to read.
    let [width, height] = ["width", "height"].map(|name| pixels(&svg, name));
    let head = format!(" viewBox=\"0 0 {width} {height}\">\n{NOTE}");
    let svg = svg.replacen('>', &head, 1).replace("opacity: 0.4", "opacity: 0.7");
    // A blank line would end the picture within Markdown.
    let mut lines = svg.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut out = io::stdout().lock();
    lines.try_for_each(|line| writeln!(out, "{line}"))
}

/// The first `name="..px"`.
fn pixels<'a>(svg: &'a str, name: &str) -> &'a str {
    let value = svg.split_once(&format!("{name}=\"")).map_or("", |(_, value)| value);
    value.split_once("px").map_or("", |(pixels, _)| pixels)
}

/// Breaks long lines between two words.
fn wrapped(printed: &str) -> String {
    let mut text = String::new();
    for line in printed.lines() {
        let mut column = 0;
        for word in line.split_inclusive(' ') {
            if column + columns(word) > COLUMNS {
                text.push('\n');
                text.push_str(INDENT);
                column = INDENT.len();
            }
            text.push_str(word);
            column += columns(word);
        }
        text.push('\n');
    }
    text
}

/// How many columns a word takes: an escape sequence for a colour takes none.
fn columns(word: &str) -> usize {
    let mut is_escape = false;
    let letters = word.chars().filter(|letter| {
        let is_shown = !is_escape && *letter != '\x1b';
        is_escape = if is_escape { *letter != 'm' } else { *letter == '\x1b' };
        is_shown
    });
    letters.count()
}
