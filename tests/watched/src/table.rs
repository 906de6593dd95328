//! The share of correct attributions in each mode.

use disconnect_core::{Category, Disconnect};

use crate::case::{Fault, Mode};
use crate::truth::Truth;

/// One fault on one library.
pub(crate) struct Row {
    pub(crate) library: &'static str,
    pub(crate) fault: Fault,
    pub(crate) truth: Truth,
    /// In the order of `Mode::ALL`.
    pub(crate) ends: [Disconnect; 4],
}

#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

/// The required shares without any adapter: of all faults, and of faults that show as a FIN or a reset.
const WITHOUT_ADAPTERS: (f64, f64) = (0.55, 0.95);

const NOTHING: usize = 0;
const ERRORS: usize = 1;
const WATCHED: usize = 2;
const BOTH: usize = 3;
/// The modes with a watched stream.
const IS_WATCHED: [usize; 2] = [WATCHED, BOTH];

impl Row {
    fn is_right(&self, mode: usize) -> bool {
        self.truth.is_told_by(&self.ends[mode])
    }

    /// Whether the stream turned a correct answer into a wrong one.
    fn is_worse(&self) -> bool {
        let worse = |before, after| self.is_right(before) && !self.is_right(after);
        worse(NOTHING, WATCHED) || worse(ERRORS, BOTH)
    }

    /// Whether this mode reports a fault as a normal end.
    fn is_false_expected(&self, mode: usize) -> bool {
        self.ends[mode].expected() && !self.truth.is_normal()
    }

    fn print(&self) {
        for (mode, end) in Mode::ALL.iter().zip(&self.ends) {
            let mark = if self.truth.is_told_by(end) { "right" } else { "wrong" };
            let (initiator, cause) = (end.initiator().map(Category::as_str), end.cause().map(Category::as_str));
            let (initiator, cause) = (initiator.unwrap_or("-"), cause.unwrap_or("-"));
            let (library, fault, reason) = (self.library, self.fault.name(), end.reason().as_str());
            let detail = end.detail().unwrap_or("-");
            let says = format!("{reason} by {initiator}, {cause}, expected={}: {detail}", end.expected());
            println!("{mark} {library:<36} {fault:<11} {:<14} {says}", mode.name());
        }
    }
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints every end.
    pub(crate) fn print_cases(&self) {
        self.rows.iter().for_each(Row::print);
    }

    pub(crate) fn print(&self) {
        println!("| library | cases | neither | its errors alone | `Watched` alone | both |");
        println!("|---|---|---|---|---|---|");
        for rows in self.rows.chunk_by(|row, next| row.library == next.library) {
            let rows: Vec<&Row> = rows.iter().collect();
            print_shares(rows[0].library, &rows);
        }
        print_shares("all", &self.all());
        print_shares("FIN and reset", &self.losses());
        for row in self.rows.iter().filter(|row| row.is_worse()) {
            println!("made worse: {}, {}", row.library, row.fault.name());
        }
        for (row, mode) in self.false_expected() {
            println!("false-expected, {}: {}, {}", Mode::ALL[mode].name(), row.library, row.fault.name());
        }
        let with_stream = self.false_expected().filter(|(_, mode)| IS_WATCHED.contains(mode)).count();
        let without = self.false_expected().count() - with_stream;
        println!("\nfalse-expected: {with_stream} (without the stream: {without}), made worse: {}", self.worse());
    }

    /// Whether the results reach the limits.
    pub(crate) fn holds(&self) -> bool {
        let (all, losses) = WITHOUT_ADAPTERS;
        share(&self.all(), WATCHED) >= all
            && share(&self.losses(), WATCHED) >= losses
            && self.worse() == 0
            && !self.false_expected().any(|(_, mode)| IS_WATCHED.contains(&mode))
    }

    fn all(&self) -> Vec<&Row> {
        self.rows.iter().collect()
    }

    fn losses(&self) -> Vec<&Row> {
        self.rows.iter().filter(|row| row.fault.is_loss()).collect()
    }

    fn worse(&self) -> usize {
        self.rows.iter().filter(|row| row.is_worse()).count()
    }

    /// Faults that a mode reports as normal ends.
    fn false_expected(&self) -> impl Iterator<Item = (&Row, usize)> {
        let of_row = |row| (NOTHING..=BOTH).map(move |mode| (row, mode));
        self.rows.iter().flat_map(of_row).filter(|(row, mode): &(&Row, usize)| row.is_false_expected(*mode))
    }
}

fn right(rows: &[&Row], mode: usize) -> usize {
    rows.iter().filter(|row| row.is_right(mode)).count()
}

#[expect(clippy::cast_precision_loss, reason = "a table has a hundred rows")]
fn share(rows: &[&Row], mode: usize) -> f64 {
    right(rows, mode) as f64 / rows.len().max(1) as f64
}

fn print_shares(name: &str, rows: &[&Row]) {
    let cell = |mode| format!("{} ({:.0} %)", right(rows, mode), share(rows, mode) * 100.0);
    let cells = [NOTHING, ERRORS, WATCHED, BOTH].map(cell).join(" | ");
    println!("| {name} | {} | {cells} |", rows.len());
}
