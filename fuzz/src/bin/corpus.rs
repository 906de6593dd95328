//! Between the committed corpus of a target, one text file, and libFuzzer's, one file for each input: `corpus unpack walk`
//! and `corpus pack walk`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use disconnect_fuzz::corpus;

/// Above this line stand inputs that are kept whatever they cover, with a comment each.
const FOUND: &str = "# The smallest inputs with the same edges as a long run:";

/// The most bytes of a committed corpus, above the line or below.
const MOST: usize = 8 << 10;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [command, target] = &arguments[..] else { return Err(io::Error::other("corpus unpack|pack TARGET")) };
    let file = corpus::file(target);
    match command.as_str() {
        "unpack" => unpack(target, &file.with_extension("")),
        "pack" => pack(&file),
        _ => Err(io::Error::other("unpack or pack")),
    }
}

fn unpack(target: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    corpus::inputs(target)
        .iter()
        .enumerate()
        .try_for_each(|(i, input)| fs::write(folder.join(format!("{i:04}")), input))
}

fn pack(file: &Path) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let kept = text.split_once(FOUND).map_or(&*text, |(kept, _)| kept);
    let paths = fs::read_dir(file.with_extension("small"))?.map(|entry| Ok(entry?.path()));
    let paths: Vec<PathBuf> = paths.collect::<io::Result<_>>()?;
    let inputs = paths.iter().map(|path| Ok(corpus::line(&fs::read(path)?)));
    let mut lines: Vec<String> = inputs.collect::<io::Result<_>>()?;
    lines.sort_by_key(|line| (line.len(), line.clone()));
    let mut packed = format!("{kept}{FOUND}\n");
    for line in lines.iter().filter(|line| !kept.lines().any(|kept| kept == **line)) {
        if packed.len() + line.len() > MOST {
            break;
        }
        packed.push_str(line);
        packed.push('\n');
    }
    fs::write(file, packed)
}
