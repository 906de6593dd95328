//! The command line: sections and number of rounds.

/// The parsed arguments.
pub(crate) struct Options {
    /// Whether to fail if a limit is exceeded.
    pub(crate) check: bool,
    /// Put the table into `RESULTS.md`.
    pub(crate) write: bool,
    /// Also count the instructions of a cold build.
    pub(crate) instructions: bool,
    pub(crate) rounds: usize,
    pub(crate) sections: Vec<Section>,
}

/// A section of the table.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Section {
    Cold,
    Enums,
    Sites,
    Growth,
}

const ROUNDS: usize = 5;

impl Section {
    const ALL: [Self; 4] = [Self::Cold, Self::Enums, Self::Sites, Self::Growth];

    fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Enums => "enums",
            Self::Sites => "sites",
            Self::Growth => "growth",
        }
    }
}

impl Options {
    /// Parses the arguments. Returns `None` if only the usage is requested.
    ///
    /// # Errors
    ///
    /// Fails if an argument is neither a section nor `--rounds` with a count. The message names the argument.
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options =
            Self { check: false, write: false, instructions: false, rounds: ROUNDS, sections: Vec::new() };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => return Ok(None),
                "--check" => options.check = true,
                "--write" => options.write = true,
                "--instructions" => options.instructions = true,
                "--rounds" => options.rounds = rounds(arguments.next().as_deref())?,
                name => match Section::ALL.into_iter().find(|section| section.name() == name) {
                    Some(section) if options.sections.contains(&section) => {}
                    Some(section) => options.sections.push(section),
                    None => return Err(format!("`{name}` is neither a section nor an option")),
                },
            }
        }
        if options.write && !options.sections.is_empty() {
            return Err("`--write` writes all sections: name none".to_owned());
        }
        if options.sections.is_empty() {
            options.sections.extend(Section::ALL);
        }
        Ok(Some(options))
    }

    /// The arguments in the form of a command line.
    pub(crate) fn arguments(&self) -> String {
        let mut arguments = vec!["--".to_owned()];
        if self.check {
            arguments.push("--check".to_owned());
        }
        if self.write {
            arguments.push("--write".to_owned());
        }
        if self.instructions {
            arguments.push("--instructions".to_owned());
        }
        if self.rounds != ROUNDS {
            arguments.push(format!("--rounds {}", self.rounds));
        }
        if self.sections != Section::ALL {
            arguments.extend(self.sections.iter().map(|section| section.name().to_owned()));
        }
        if arguments.len() == 1 { String::new() } else { format!(" {}", arguments.join(" ")) }
    }
}

pub(crate) fn usage(command: &str) -> String {
    let sections = Section::ALL.map(Section::name).join("] [");
    format!(
        "usage: {command} -- [--check] [--write] [--instructions] [--rounds N] [{sections}]\n\nWithout a section, all of them; \
         {ROUNDS} rounds. --write puts the table into `benches/RESULTS.md`. --instructions also counts the instructions of a \
         cold build, with valgrind, which takes several minutes."
    )
}

fn rounds(count: Option<&str>) -> Result<usize, String> {
    match count.map(str::parse) {
        Some(Ok(count)) if count > 0 => Ok(count),
        _ => Err("`--rounds` needs a count of at least 1".to_owned()),
    }
}
