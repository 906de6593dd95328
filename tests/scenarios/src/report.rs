//! The table: a row for each scenario when it ends, and then everything that is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::planted::Defect;
use crate::sites;
use crate::{Outcome, Scenario};

/// The faults of the original, by their number.
const FAULTS: std::ops::RangeInclusive<u8> = 1..=12;

pub(crate) struct Report {
    begun: Instant,
    json: bool,
    names: usize,
    whats: usize,
    outcomes: Vec<Outcome>,
    /// In CI, a missing tool is a failure, because CI installs all of them.
    must_have_tools: bool,
}

impl Report {
    /// Writes the head of the table.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(crate) fn new(scenarios: &[Scenario], json: bool) -> io::Result<Self> {
        let longest = |text: fn(&Scenario) -> &'static str| {
            scenarios.iter().map(|scenario| text(scenario).len()).max().unwrap_or_default()
        };
        let (names, whats) = (longest(|scenario| scenario.name), longest(|scenario| scenario.what));
        let must_have_tools = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let report = Self { begun: Instant::now(), json, names, whats, outcomes: Vec::new(), must_have_tools };
        let [name, what] = ["scenario", "what is done"];
        report.write(&format!("{name:names$}  {what:whats$}  server  agent  client         seconds"))?;
        Ok(report)
    }

    /// Writes one more row.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(crate) fn add(&mut self, outcome: Outcome) -> io::Result<()> {
        let (names, whats, Scenario { name, what, .. }) = (self.names, self.whats, outcome.scenario);
        if let Some(tool) = outcome.lacks {
            self.write(&format!("{name:names$}  {what:whats$}  SKIPPED: there is no {tool} here"))?;
        } else {
            let count = |process| {
                outcome.lines.iter().filter(|line| line.reason().is_some() && line.process() == process).count()
            };
            let (server, agent, client) = (count("server"), count("agent"), count("client"));
            let mark = if outcome.result.is_ok() { "ok" } else { "FAILED" };
            let took = outcome.took.as_secs_f32();
            self.write(&format!(
                "{name:names$}  {what:whats$}  {server:6}  {agent:5}  {client:6}  {mark:6} {took:7.1}"
            ))?;
        }
        if self.json {
            let mut lines = String::new();
            for line in &outcome.lines {
                lines += &line.to_json(&[("scenario", name), ("process", line.process())]);
                lines.push('\n');
            }
            is_read(io::stdout().lock().write_all(lines.as_bytes()))?;
        }
        self.outcomes.push(outcome);
        Ok(())
    }

    /// Writes everything that is wrong. Returns whether nothing is.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(crate) fn finish(self, is_all: bool) -> io::Result<bool> {
        let mut problems = Vec::new();
        for Outcome { scenario, result, lacks, .. } in &self.outcomes {
            if let Err(wrong) = result {
                problems.push(format!("{}:\n  {}", scenario.name, wrong.join("\n  ")));
            }
            // For a scenario named on the command line, a missing tool is a failure.
            if let Some(tool) = lacks.filter(|_| self.must_have_tools || !is_all) {
                problems.push(format!("{}: it needs {tool}, which is not here", scenario.name));
            }
        }
        let skipped = self.outcomes.iter().filter(|outcome| outcome.lacks.is_some()).count();
        if is_all && skipped == 0 {
            problems.extend(self.uncovered());
        }
        for problem in &problems {
            self.write(&format!("\n{problem}"))?;
        }
        problems.extend(self.blind());
        for problem in self.blind() {
            self.write(&format!("\n{problem}"))?;
        }
        self.write(&format!("\n{}", self.agreement()))?;
        for defect in Defect::ALL {
            self.write(&self.planted(defect))?;
        }
        let right = self.outcomes.iter().filter(|outcome| outcome.result.is_ok()).count() - skipped;
        let (all, took) = (self.outcomes.len(), tenths(self.begun.elapsed()));
        self.write(&format!(
            "\n{right} of {all} scenarios gave the lines they should, {skipped} skipped, in {took} s"
        ))?;
        Ok(problems.is_empty())
    }

    /// Checks that every call site and every fault has a scenario.
    fn uncovered(&self) -> Vec<String> {
        let wanted = || self.outcomes.iter().flat_map(|outcome| &outcome.wanted);
        let sites = sites::ALL.iter().filter(|site| !wanted().any(|end| end.is_at(**site)));
        let mut problems: Vec<_> =
            sites.map(|site| format!("no scenario for {} {:?}", site.process, site.message)).collect();
        let shown: BTreeSet<u8> = self.outcomes.iter().flat_map(|outcome| outcome.scenario.faults).copied().collect();
        let faults = FAULTS.filter(|fault| !shown.contains(fault));
        problems.extend(faults.map(|fault| format!("no scenario for fault {fault}")));
        problems
    }

    /// The planted defects that no check found.
    fn blind(&self) -> Vec<String> {
        let unseen = |outcome: &Outcome| {
            let unseen = outcome.planted.iter().filter(|(_, kind)| kind.is_none());
            unseen.map(|(defect, _)| format!("{}: nobody saw {}", outcome.scenario.name, defect.name())).collect()
        };
        self.outcomes.iter().flat_map(|outcome| -> Vec<String> { unseen(outcome) }).collect()
    }

    /// How the two lines of connections agree.
    fn agreement(&self) -> String {
        let all = || self.outcomes.iter().map(|outcome| &outcome.agreement);
        let agreed: usize = all().map(|all| all.agreed).sum();
        let refined: usize = all().map(|all| all.refined).sum();
        let contradictory: usize = all().map(|all| all.contradictory.len()).sum();
        format!(
            "both ends of a connection: {agreed} agree, in {refined} one knows more, {contradictory} contradict each other"
        )
    }

    /// The number of times that this defect was planted, and the checks that found it.
    fn planted(&self, defect: Defect) -> String {
        let kinds = self.outcomes.iter().flat_map(|outcome| &outcome.planted).filter(|(planted, _)| *planted == defect);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, kind) in kinds {
            *counts.entry(kind.as_deref().unwrap_or("UNSEEN")).or_default() += 1;
        }
        let all: usize = counts.values().sum();
        let kinds: Vec<_> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        format!("planted {}: in {all} scenarios, told by: {}", defect.name(), kinds.join(", "))
    }

    fn write(&self, line: &str) -> io::Result<()> {
        let line = format!("{}\n", line.trim_end());
        let written = if self.json {
            io::stderr().lock().write_all(line.as_bytes())
        } else {
            io::stdout().lock().write_all(line.as_bytes())
        };
        // The reader may close the output: `disconnect-scenarios all | head`.
        is_read(written).map(drop)
    }
}

fn tenths(took: Duration) -> String {
    format!("{:.1}", took.as_secs_f32())
}

/// Whether the output still has a reader. `false` after a closed pipe or a lost terminal.
///
/// # Errors
///
/// Writing failed for another reason.
pub(crate) fn is_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => Ok(false),
        Err(error) => Err(error),
    }
}
