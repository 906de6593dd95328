//! Corpora as text: one input a line, in quotes, escaped like a byte string of Rust. A line with `#` is a comment.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the committed inputs of a target are.
pub fn file(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target).with_extension("txt")
}

/// The committed inputs of a target.
///
/// # Panics
///
/// Where the file cannot be read, or a line is no input.
pub fn inputs(target: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(file(target)).expect("every target has a corpus");
    text.lines().filter(|line| !line.starts_with('#')).map(unescaped).collect()
}

/// An input as a line of a corpus.
pub fn line(input: &[u8]) -> String {
    format!("\"{}\"", input.escape_ascii())
}

fn unescaped(line: &str) -> Vec<u8> {
    let text = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).expect("an input stands in quotes");
    let mut input = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        input.push(if byte == b'\\' { escaped(&mut bytes).expect("a known escape") } else { byte });
    }
    input
}

fn escaped(bytes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(match bytes.next()? {
        b't' => b'\t',
        b'r' => b'\r',
        b'n' => b'\n',
        b'x' => digit(bytes.next()?)? * 16 + digit(bytes.next()?)?,
        quoted @ (b'"' | b'\'' | b'\\') => quoted,
        _ => return None,
    })
}
