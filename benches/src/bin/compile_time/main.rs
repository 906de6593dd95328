//! Measures the compile time of `disconnect-core` beside comparable crates: see `benches/README.md`.

mod lab;
mod options;
mod sources;

use std::process::ExitCode;

use disconnect_benches::results;
use disconnect_benches::table::{Limits, Table, Unit};
use lab::{Lab, Package, Result};
use options::{Options, Section};

const COMMAND: &str = "cargo run --release -p disconnect-benches --bin compile_time";

fn main() -> ExitCode {
    if let Some(folder) = std::env::var_os(lab::COUNTS) {
        return fail(&format!("valgrind cannot be started: {}", lab::count(folder)));
    }
    match Options::from_arguments(std::env::args().skip(1)) {
        Ok(Some(options)) => run(&options).map_or_else(|error| fail(&error.to_string()), |()| ExitCode::SUCCESS),
        Ok(None) => {
            println!("{}", options::usage(COMMAND));
            ExitCode::SUCCESS
        }
        Err(mistake) => fail(&format!("{mistake}\n\n{}", options::usage(COMMAND))),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("compile_time: {message}");
    ExitCode::FAILURE
}

fn run(options: &Options) -> Result<()> {
    let packages: Vec<Package> = options.sections.iter().flat_map(|section| packages(*section)).collect();
    let lab = Lab::new(&packages)?;
    let mut table = measured(&lab, options)?;
    if options.check && !table.broken().is_empty() {
        eprintln!("measuring again, because of:\n{}", table.broken().join("\n"));
        table = measured(&lab, options)?;
    }
    println!(
        "{table}\nCPU seconds (user and system) of cargo and every rustc, the minimum of {} rounds (for one enum, of at \
         least {LEAST_FOR_ONE_ENUM});",
        options.rounds
    );
    println!("made by `{COMMAND}{}`.", options.arguments());
    if options.write {
        results::write("compile_time", &table, &format!("`{COMMAND}{}`", options.arguments()))?;
    }
    let broken = table.broken();
    if options.check && !broken.is_empty() {
        return Err(format!("exceeded limits:\n{}", broken.join("\n")).into());
    }
    Ok(())
}

fn measured(lab: &Lab, options: &Options) -> Result<Table> {
    let mut table = Table::default();
    for section in &options.sections {
        match section {
            Section::Cold => cold(lab, options, &mut table)?,
            Section::Enums => enums(lab, options.rounds, &mut table)?,
            Section::Sites => sites(lab, options.rounds, &mut table)?,
            Section::Growth => growth(lab, options.rounds, &mut table)?,
        }
    }
    Ok(table)
}

fn packages(section: Section) -> Vec<Package> {
    match section {
        Section::Cold => sources::cold(),
        Section::Enums => sources::enums(),
        Section::Sites => sources::sites(),
        Section::Growth => sources::growth(),
    }
}

/// Clean builds of the crates.
fn cold(lab: &Lab, options: &Options, table: &mut Table) -> Result<()> {
    const WORK: &str = "disconnect-core with default features";
    const PEER: &str = "strum with derive + tracing";
    let packages = ["cold_ours", "cold_peer"];
    let [ours, peer] = least(options.rounds, packages, |package| lab.cold_build(package))?;
    table.heading("cold build");
    table.row(WORK, Unit::CpuSeconds, ours).beside(PEER, peer).at_most_times(PEER, Limits::wanted(0.9, 1.15));
    if options.instructions {
        let [ours, peer] = [lab.cold_instructions(packages[0])?, lab.cold_instructions(packages[1])?];
        table.row(WORK, Unit::Instructions, ours).beside(PEER, peer).at_most_times(PEER, Limits::of(0.9));
    }
    Ok(())
}

/// Derives, and the code that they replace.
fn enums(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let packages = ["empty", "enums_bare", "enums_by_hand", "enums_strum", "enums_ours"];
    let [empty, bare, by_hand, strum, ours] = least(rounds, packages, |package| lab.recheck(package))?;
    table.heading("re-check of 200 enums with 8 variants");
    table
        .row("DisconnectField", Unit::CpuSeconds, ours)
        .beside("an empty crate", empty)
        .beside("bare", bare)
        .beside("by hand", by_hand)
        .beside("strum, six derives", strum)
        .at_most_times("by hand", Limits::wanted(1.3, 1.6))
        .at_most_times("strum, six derives", Limits::wanted(0.9, 1.1));
    Ok(())
}

/// `disconnected!` and `tracing::event!` with the same fields.
fn sites(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let packages = [
        "sites_event",
        "sites_two_events",
        "sites_slots_level",
        "sites_slots_by_expectedness",
        "sites_event_of_record",
        "sites_two_events_of_record",
        "sites_record_level",
        "sites_record_by_expectedness",
    ];
    let [event, two, slots, slots_by_expectedness, event_of_record, two_of_record, record, record_by_expectedness] =
        least(rounds, packages, |package| lab.recheck(package))?;
    table.heading("re-check of 200 sites");
    for (work, ours, event) in
        [("slots, level stated", slots, event), ("a record, level stated", record, event_of_record)]
    {
        let row = table.row(work, Unit::CpuSeconds, ours).beside("event!", event);
        row.at_most_times("event!", Limits::of(1.05));
    }
    for (work, ours, event, two) in [
        ("slots, level by expectedness", slots_by_expectedness, event, two),
        ("a record, level by expectedness", record_by_expectedness, event_of_record, two_of_record),
    ] {
        let row = table.row(work, Unit::CpuSeconds, ours).beside("event!", event).beside("two event!", two);
        row.at_most_times("event!", Limits::of(2.0)).at_most_times("two event!", Limits::held(1.0));
    }
    Ok(())
}

/// One enum compiles in little more time than an empty crate. The difference needs several rounds, which take little time.
const LEAST_FOR_ONE_ENUM: usize = 5;
/// A smaller difference to an empty crate, in seconds, may be noise.
const RESOLUTION: f64 = 0.02;

/// One enum of several sizes: the total, the cost without the derive, and the cost of the derive.
fn growth(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let [empty, bare_10, bare_100, bare_1000, bare_4000, ours @ ..] = least(
        rounds.max(LEAST_FOR_ONE_ENUM),
        [
            "empty",
            "grown_bare_10",
            "grown_bare_100",
            "grown_bare_1000",
            "grown_bare_4000",
            "grown_10",
            "grown_100",
            "grown_1000",
            "grown_4000",
        ],
        |package| lab.recheck(package),
    )?;
    let ours = ours.map(|seconds| seconds - empty);
    let bare = [bare_10, bare_100, bare_1000, bare_4000].map(|seconds| seconds - empty);
    table.heading("re-check of one enum, less an empty crate");
    let mut before: Option<(f64, f64, f64)> = None;
    for ((size, seconds), bare) in sources::SIZES.map(f64::from).into_iter().zip(ours).zip(bare) {
        let row = table.row(&format!("{size} variants"), Unit::CpuSeconds, seconds).beside("bare", bare);
        if let Some((fewer, less, less_bare)) = before {
            let mut factor = |more: f64, less: f64, of, limits| {
                if more.min(less) > RESOLUTION {
                    row.factor((more / less).powf((size / fewer).log2().recip()), of, limits);
                }
            };
            factor(seconds, less, "each doubling", Limits::wanted(2.3, 2.6));
            factor(bare, less_bare, "each doubling of bare", Limits::NONE);
        }
        before = Some((size, seconds, bare));
    }
    Ok(())
}

/// The minimum of several rounds for each subject. Each round runs all subjects, so that noise affects all of them.
fn least<const N: usize>(
    rounds: usize,
    packages: [&str; N],
    measure: impl Fn(&str) -> Result<f64>,
) -> Result<[f64; N]> {
    let mut least = [f64::INFINITY; N];
    for round in 1..=rounds {
        for (package, least) in packages.iter().zip(&mut least) {
            let seconds = measure(package)?;
            eprintln!("round {round} of {rounds}: {package} {seconds:.3} s");
            *least = least.min(seconds);
        }
    }
    Ok(least)
}
