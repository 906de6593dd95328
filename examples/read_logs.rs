//! Reads JSON log lines, one object per line, and counts the end reasons.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::{Detail, DisconnectReason, Endpoint, Recorded, disconnected};
use serde::Deserialize;

/// The maximum length of a line that is parsed, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// The maximum number of different unknown values, so that a hostile log cannot exhaust memory.
const MAX_UNRECOGNISED: usize = 16;

const USAGE: &str = "\
Counts the end reasons in a log with one JSON object per line.

usage: read_logs [FILE]

Without FILE it reads standard input. If that is a terminal, it reads a small built-in log.
";

/// One line of the log: flat, or nested as in tracing-subscriber's JSON.
#[derive(Deserialize)]
struct Entry {
    fields: Option<Attribution>,
    #[serde(flatten)]
    flat: Attribution,
}

/// The fields that are read. A value that this build does not know is kept unchanged.
#[derive(Deserialize)]
struct Attribution {
    disconnect_reason: Option<Recorded<DisconnectReason>>,
    disconnect_expected: Option<bool>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let summary = match arguments.as_slice() {
        [] if io::stdin().is_terminal() => read(sample().as_slice())?,
        [] => read(io::stdin().lock())?,
        [help] if help == "-h" || help == "--help" => {
            io::stdout().write_all(USAGE.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        [path] if !path.to_string_lossy().starts_with('-') => match File::open(path) {
            Ok(file) => read(BufReader::new(file))?,
            Err(error) => {
                eprintln!("read_logs: {}: {error}", path.display());
                return Ok(ExitCode::FAILURE);
            }
        },
        _ => {
            eprint!("read_logs: expected at most one file and no options\n\n{USAGE}");
            return Ok(ExitCode::from(2));
        }
    };
    write!(io::stdout(), "{summary}")?;
    Ok(ExitCode::SUCCESS)
}

/// The counts. Every line is counted once.
#[derive(Default)]
struct Summary {
    by_reason: BTreeMap<&'static str, u64>,
    expected: u64,
    to_investigate: u64,
    unrecognised: BTreeMap<String, u64>,
    other_events: u64,
    malformed: u64,
    too_long: u64,
    first_problem: Option<String>,
    contradictions: u64,
}

fn read(mut log: impl BufRead) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if log.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.len() > MAX_LINE && line.last() != Some(&b'\n') {
            summary.too_long += 1;
            log.skip_until(b'\n')?;
        } else if !line.trim_ascii().is_empty() {
            summary.add(number, serde_json::from_slice(&line));
        }
    }
    Ok(summary)
}

impl Summary {
    fn add(&mut self, number: u64, entry: serde_json::Result<Entry>) {
        let attribution = match entry {
            Ok(Entry { fields: Some(fields), .. }) if fields.disconnect_reason.is_some() => fields,
            Ok(entry) => entry.flat,
            Err(error) => {
                self.malformed += 1;
                self.first_problem.get_or_insert_with(|| format!("line {number}: {}", Detail::from(error.to_string())));
                return;
            }
        };
        let Some(reason) = attribution.disconnect_reason else {
            self.other_events += 1;
            return;
        };
        let Some(known) = reason.known() else {
            self.add_unrecognised(&reason);
            return;
        };
        *self.by_reason.entry(known.as_str()).or_default() += 1;
        *(if known.expected() { &mut self.expected } else { &mut self.to_investigate }) += 1;
        if attribution.disconnect_expected != Some(known.expected()) {
            self.contradictions += 1;
        }
    }

    /// Counts an unknown value. `Display` turns any text into one short clean line.
    fn add_unrecognised(&mut self, reason: &Recorded<DisconnectReason>) {
        let mut value = format!("\"{reason}\"");
        if self.unrecognised.len() >= MAX_UNRECOGNISED && !self.unrecognised.contains_key(&value) {
            "(others)".clone_into(&mut value);
        }
        *self.unrecognised.entry(value).or_default() += 1;
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unrecognised = self.unrecognised.values().sum::<u64>();
        writeln!(f, "{:>7}  disconnects", self.expected + self.to_investigate + unrecognised)?;
        writeln!(f, "{:>7}    expected", self.expected)?;
        writeln!(f, "{:>7}    to investigate", self.to_investigate)?;
        writeln!(f, "{unrecognised:>7}    unrecognised: to investigate too")?;
        for (reason, count) in &self.by_reason {
            writeln!(f, "{count:>7}  {reason}")?;
        }
        for (value, count) in &self.unrecognised {
            writeln!(f, "{count:>7}  {value}")?;
        }
        writeln!(f, "{:>7}  other events", self.other_events)?;
        writeln!(f, "{:>7}  lines longer than {MAX_LINE} bytes", self.too_long)?;
        writeln!(f, "{:>7}  malformed lines", self.malformed)?;
        if let Some(problem) = &self.first_problem {
            writeln!(f, "         the first: {problem}")?;
        }
        if self.contradictions > 0 {
            writeln!(
                f,
                "{:>7}  lines whose disconnect_expected is missing, or contradicts the reason",
                self.contradictions
            )?;
        }
        Ok(())
    }
}

/// A small log with lines of this build and of others.
fn sample() -> Vec<u8> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer({
        let log = log.clone();
        move || log.clone()
    });
    tracing::subscriber::with_default(subscriber.finish(), || {
        tracing::info!("listening");
        disconnected!(Endpoint::AGENT_FACING_CLIENT.closed_by_peer(), "client session closed");
        disconnected!(Endpoint::AGENT_FACING_SERVER.eof(), "disconnected from coordination RPC");
        disconnected!(Endpoint::AGENT_FACING_SERVER.shutting_down(), "disconnected from coordination RPC");
    });
    let mut bytes = log.bytes.lock().unwrap_or_else(PoisonError::into_inner).split_off(0);
    bytes.extend(br#"{"disconnect_reason": "quota_exceeded", "message": "a newer build wrote this"}"#);
    bytes.extend(b"\n{\"disconnect_reason\": 7}\nplain text\n");
    bytes
}

/// A writer into memory for tracing-subscriber.
#[derive(Clone, Default)]
struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
