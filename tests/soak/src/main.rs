//! Ends many real connections on loopback in every way, and checks that each one that came up has exactly one line.

mod lines;
mod wave;
mod ways;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use disconnect_core::{Counters, Observed};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::lines::{Lines, Subscriber};
use crate::ways::Way;

const USAGE: &str = "\
Ends real loopback connections in every way, 1000 at a time, and checks that each has exactly one line, the right one.

usage: soak [--connections N] [--subscriber plain|slow|panicking] [--streams watched|bare]
       soak --write

  --write  the whole soak with a plain subscriber and watched streams, whose result goes into RESULTS.md

exit status: 0 when every line is right and memory is flat, 1 when a line is missing, double, contradictory or wrong or
memory grew, 2 for bad arguments
";

/// The number of connections that are open at the same time.
const AT_A_TIME: usize = 1000;

/// The maximum growth of memory from the first fifth of the run to its end. In the long run this is less than 27 bytes
/// per connection, so that not even one boxed record can leak.
const MEMORY_MARGIN_KIB: u64 = 2 * 1024;

struct Options {
    connections: usize,
    subscriber: Subscriber,
    is_watched: bool,
    writes: bool,
}

/// What stands before the table in `RESULTS.md`.
const INTRODUCTION: &str = "\
# The soak

Made by `cargo run --release -p disconnect-soak -- --write`.

Real connections on loopback, ended in every way, with a shutdown at the end or in the middle of each thousand. Each connection
that came up has exactly one line. `.ci/run` repeats it under a subscriber that is slow and one that panics, and without watched
streams.

";

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(mistake) => {
            eprint!("soak: {mistake}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match soak(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { connections: 100_000, subscriber: Subscriber::Plain, is_watched: true, writes: false };
    let mut arguments = arguments.peekable();
    if arguments.next_if(|argument| argument == "--write").is_some() {
        options.writes = true;
        return arguments.next().map_or(Ok(Some(options)), |more| Err(format!("{more:?} beside --write")));
    }
    while let Some(argument) = arguments.next() {
        if matches!(argument.as_str(), "-h" | "--help") {
            return Ok(None);
        }
        let value =
            arguments.next().ok_or_else(|| format!("unknown option, or an option without a value: {argument}"))?;
        match (argument.as_str(), value.as_str()) {
            ("--connections", count) => {
                options.connections = count.parse().map_err(|_| format!("not a number: {count:?}"))?;
            }
            ("--subscriber", "plain") => options.subscriber = Subscriber::Plain,
            ("--subscriber", "slow") => options.subscriber = Subscriber::Slow,
            ("--subscriber", "panicking") => options.subscriber = Subscriber::Panicking,
            ("--streams", "watched") => options.is_watched = true,
            ("--streams", "bare") => options.is_watched = false,
            (option, value) => return Err(format!("{option} {value:?}")),
        }
    }
    Ok(Some(options))
}

fn soak(options: &Options) -> Result<bool, Box<dyn Error>> {
    allow_files()?;
    lines::quiet_panics();
    let lines = Lines::install(options.subscriber)?;
    let counters = Arc::new(Counters::new());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut memory_early = None;

    let mut first = 1;
    for wave in 0.. {
        let count = AT_A_TIME.min(options.connections - (first - 1));
        if count == 0 {
            break;
        }
        let in_the_middle = wave % 2 == 1;
        let run = wave::run(first as u64, count, in_the_middle, options.is_watched, counters.clone());
        tally.came_up += runtime.block_on(run)?;
        tally.add(first as u64..first as u64 + count as u64, in_the_middle, options.is_watched, lines.take());
        first += count;
        if memory_early.is_none() && first > options.connections / 5 {
            memory_early = resident_kib();
        }
    }
    let memory = memory_early.zip(resident_kib()).map(|(early, late)| Memory { early, late });
    let streams = if options.is_watched { "watched" } else { "bare" };
    let seconds = started.elapsed().as_secs_f64();
    let result = format!(
        "{}{AT_A_TIME} at a time, {:?} subscriber, {streams} streams, {seconds:.1} s\n",
        tally.table(counters.snapshot().total(), memory),
        options.subscriber
    );
    print!("{result}");
    if options.writes {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md"), format!("{INTRODUCTION}{result}"))?;
    }
    Ok(tally.is_right(counters.snapshot().total(), memory))
}

/// Raises the limit of open files: both sides of every connection are in this process.
fn allow_files() -> Result<(), Box<dyn Error>> {
    const NEEDED: u64 = 2 * AT_A_TIME as u64 + 100;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if hard < NEEDED {
        return Err(format!("{NEEDED} open files are needed, but the limit is {hard}: raise it (`ulimit -Hn`)").into());
    }
    Ok(setrlimit(Resource::RLIMIT_NOFILE, soft.max(NEEDED), hard)?)
}

/// Returns `None` if the system does not report it. Then memory is not checked, and the summary says so.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The memory of the process in KiB, after the first fifth and at the end.
#[derive(Clone, Copy)]
struct Memory {
    early: u64,
    late: u64,
}

impl Memory {
    fn is_flat(self) -> bool {
        self.late <= self.early + MEMORY_MARGIN_KIB
    }
}

/// The results by the way in which connections ended.
#[derive(Default)]
struct Tally {
    rows: HashMap<&'static str, Row>,
    came_up: usize,
    stray: usize,
}

#[derive(Clone, Copy, Default)]
struct Row {
    connections: usize,
    lines: usize,
    double: usize,
    missing: usize,
    contradictory: usize,
    wrong: usize,
}

impl Tally {
    fn add(&mut self, ids: Range<u64>, in_the_middle: bool, is_watched: bool, mut lines: HashMap<u64, Vec<Observed>>) {
        for id in ids {
            let way = Way::of(id);
            let row = self.rows.entry(way.name()).or_default();
            row.connections += 1;
            let lines = lines.remove(&id).unwrap_or_default();
            row.lines += lines.len();
            row.double += usize::from(lines.len() > 1);
            row.missing += usize::from(lines.is_empty());
            row.contradictory += lines.iter().filter(|line| !line.is_consistent()).count();
            let is_wrong = |line: &&Observed| {
                !way.is_right(line, in_the_middle) || !way.has_right_counts(line, is_watched, in_the_middle)
            };
            row.wrong += lines.iter().filter(is_wrong).count();
            if let Some(line) = lines.iter().find(is_wrong) {
                eprintln!("{}: {line}", way.name());
            }
        }
        self.stray += lines.len();
    }

    fn sum(&self) -> Row {
        self.rows.values().fold(Row::default(), |sum, row| Row {
            connections: sum.connections + row.connections,
            lines: sum.lines + row.lines,
            double: sum.double + row.double,
            missing: sum.missing + row.missing,
            contradictory: sum.contradictory + row.contradictory,
            wrong: sum.wrong + row.wrong,
        })
    }

    fn is_right(&self, counted: u64, memory: Option<Memory>) -> bool {
        let sum = self.sum();
        sum.connections == sum.lines
            && sum.lines == self.came_up
            && sum.lines as u64 == counted
            && sum.double + sum.missing + sum.contradictory + sum.wrong + self.stray == 0
            && memory.is_none_or(Memory::is_flat)
    }

    fn table(&self, counted: u64, memory: Option<Memory>) -> String {
        let rows = Way::ALL.iter().map(|way| (way.name(), self.rows.get(way.name()).copied().unwrap_or_default()));
        let rows = rows.chain([("all", self.sum())]).map(|(name, row)| {
            let Row { connections, lines, double, missing, contradictory, wrong } = row;
            format!("| {name} | {connections} | {lines} | {double} | {missing} | {contradictory} | {wrong} |\n")
        });
        let rows: String = rows.collect();
        let memory = memory.map_or("not measured: no /proc/self/status".to_owned(), |memory| {
            let verdict = if memory.is_flat() { "flat" } else { "GREW" };
            format!("{verdict}, {} KiB after the first fifth and {} KiB at the end", memory.early, memory.late)
        });
        let Self { came_up, stray, .. } = self;
        format!(
            "| ended by | connections | lines | double | missing | contradictory | wrong |\n\
             |---|--:|--:|--:|--:|--:|--:|\n{rows}\n\
             came up: {came_up}, counted: {counted}, stray lines: {stray}, memory: {memory}\n"
        )
    }
}
