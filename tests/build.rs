//! Writes the enum of a thousand categories, which nobody wants to read in the repository, and copies the first program of
//! the README for the test that runs it.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut source = String::from(
        "/// As many categories as anybody will ever have, every seventh of them expected.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]\n\
         #[field(\"thousand\")]\n\
         pub enum Thousand {\n",
    );
    for n in 0..1000 {
        let attribute = if n % 7 == 0 { "#[expected] " } else { "" };
        let _ = writeln!(source, "    {attribute}Category{n},");
    }
    source.push_str("}\n");
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("thousand.rs"), source)?;

    println!("cargo::rerun-if-changed=../README.md");
    let readme = fs::read_to_string("../README.md")?;
    let mut snippets = readme.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next());
    let program = snippets.find(|code| code.contains("async fn main()")).ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("readme_program.rs"), program)
}
