//! What `disconnect-core` costs at compile time, beside its peers, as one table: see `benches/README.md`.

mod lab;
mod options;
mod sources;
mod table;

use std::process::ExitCode;

use lab::{Lab, Package, Result};
use options::{Options, Section};
use table::Table;

const COMMAND: &str = "cargo run --release -p disconnect-benches --bin compile_time";

fn main() -> ExitCode {
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
    let mut table = Table::default();
    for section in &options.sections {
        match section {
            Section::Cold => cold(&lab, options.rounds, &mut table)?,
            Section::Enums => enums(&lab, options.rounds, &mut table)?,
            Section::Sites => sites(&lab, options.rounds, &mut table)?,
            Section::Growth => growth(&lab, options.rounds, &mut table)?,
        }
    }
    println!(
        "{table}\nCPU seconds (user and system) of cargo and every rustc, the least of {} rounds;",
        options.rounds
    );
    println!("made by `{COMMAND}{}`.", options.arguments());
    Ok(())
}

fn packages(section: Section) -> Vec<Package> {
    match section {
        Section::Cold => sources::cold(),
        Section::Enums => sources::enums(),
        Section::Sites => sources::sites(),
        Section::Growth => sources::growth(),
    }
}

/// The crates themselves, built from nothing.
fn cold(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let [ours, peer] = least(rounds, ["cold_ours", "cold_peer"], |package| lab.cold_build(package))?;
    table.heading("cold build");
    table.row("strum with derive + tracing", peer);
    table.row("disconnect-core with default features", ours).ratio(peer, "them", Some(1.0));
    Ok(())
}

/// Derives against what they replace.
fn enums(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let packages = ["empty", "enums_bare", "enums_by_hand", "enums_strum", "enums_ours"];
    let [empty, bare, by_hand, strum, ours] = least(rounds, packages, |package| lab.recheck(package))?;
    table.heading("re-check of 200 enums with 8 variants");
    table.row("an empty crate", empty);
    table.row("bare", bare);
    table.row("the same API by hand", by_hand).ratio(bare, "bare", None);
    table.row("strum, six derives", strum).ratio(bare, "bare", None);
    table.row("DisconnectField", ours).ratio(bare, "bare", Some(6.0)).ratio(by_hand, "by hand", None).ratio(
        strum,
        "strum",
        Some(1.1),
    );
    Ok(())
}

/// `disconnected!` against `tracing::event!` with the same fields.
fn sites(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let packages = [
        "sites_event",
        "sites_slots_level",
        "sites_slots_bucket",
        "sites_event_of_record",
        "sites_record_level",
        "sites_record_bucket",
    ];
    let [event, slots, slots_bucket, event_of_record, record, record_bucket] =
        least(rounds, packages, |package| lab.recheck(package))?;
    table.heading("re-check of 200 sites");
    table.row("event! with the fields of the slots", event);
    table.row("disconnected! with slots, level stated", slots).ratio(event, "event!", Some(1.1));
    table.row("disconnected! with slots, level by bucket", slots_bucket).ratio(event, "event!", Some(2.1));
    table.row("event! with the fields of a record", event_of_record);
    table.row("disconnected! with a record, level stated", record).ratio(event_of_record, "event!", Some(1.1));
    table.row("disconnected! with a record, level by bucket", record_bucket).ratio(
        event_of_record,
        "event!",
        Some(2.1),
    );
    Ok(())
}

/// One enum that grows: all of it, what it costs without the derive, and what the derive adds.
fn growth(lab: &Lab, rounds: usize, table: &mut Table) -> Result<()> {
    let sizes = sources::SIZES.map(f64::from);
    let [empty, bare_10, bare_100, bare_1000, bare_4000, sizes_ours @ ..] = least(
        rounds,
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
    let bare = [bare_10, bare_100, bare_1000, bare_4000];
    let own: [f64; 4] = std::array::from_fn(|i| sizes_ours[i] - bare[i]);
    table.heading("re-check of one enum, less an empty crate");
    growing(table, "bare", sizes, bare.map(|seconds| seconds - empty), None);
    growing(table, "DisconnectField", sizes, sizes_ours.map(|seconds| seconds - empty), Some(2.3));
    growing(table, "DisconnectField, less bare", sizes, own, None);
    Ok(())
}

/// One row a size; a ratio is that of one doubling since the row before.
fn growing(table: &mut Table, work: &str, sizes: [f64; 4], seconds: [f64; 4], at_most: Option<f64>) {
    let mut before: Option<(f64, f64)> = None;
    for (size, seconds) in sizes.into_iter().zip(seconds) {
        let row = table.row(&format!("{work}, {size} variants"), seconds);
        if let Some((fewer, less)) = before {
            let doublings = (size / fewer).log2();
            row.factor((seconds / less).powf(doublings.recip()), "each doubling", at_most);
        }
        before = Some((size, seconds));
    }
}

/// The least of several rounds for each contender. Rounds take turns, so that a noisy minute meets all of them.
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
