//! The table, as Markdown.

use std::fmt;

/// Rows in the order in which they were added.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

/// One line of the table.
pub(crate) struct Row {
    work: String,
    /// A heading has none.
    seconds: Option<f64>,
    ratios: Vec<Ratio>,
}

struct Ratio {
    value: f64,
    to: &'static str,
    at_most: Option<f64>,
}

impl Table {
    /// A line that says what the rows below it measure.
    pub(crate) fn heading(&mut self, work: &str) {
        self.rows.push(Row { work: format!("**{work}**"), seconds: None, ratios: Vec::new() });
    }

    /// A measured line.
    pub(crate) fn row(&mut self, work: &str, seconds: f64) -> &mut Row {
        self.rows.push(Row { work: work.to_owned(), seconds: Some(seconds), ratios: Vec::new() });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }
}

impl Row {
    /// How this row compares to a contender's seconds, and what it may not exceed.
    pub(crate) fn ratio(&mut self, seconds: f64, to: &'static str, at_most: Option<f64>) -> &mut Self {
        let value = self.seconds.unwrap_or_default() / seconds;
        self.factor(value, to, at_most)
    }

    /// The same for a ratio that is known already.
    pub(crate) fn factor(&mut self, value: f64, to: &'static str, at_most: Option<f64>) -> &mut Self {
        self.ratios.push(Ratio { value, to, at_most });
        self
    }

    fn cells(&self) -> [String; 4] {
        let seconds = self.seconds.map_or_else(String::new, |seconds| format!("{seconds:.3}"));
        let ratios = self.ratios.iter().map(|ratio| format!("{:.2}x {}", ratio.value, ratio.to));
        let limits = self.ratios.iter().filter_map(Ratio::limit);
        [self.work.clone(), seconds, join(ratios), join(limits)]
    }
}

impl Ratio {
    fn limit(&self) -> Option<String> {
        let at_most = self.at_most?;
        let verdict = if self.value <= at_most { "" } else { " (missed)" };
        Some(format!("{at_most:.2}x {}{verdict}", self.to))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["work", "CPU s", "ratio", "at most"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let widths: [usize; 4] = std::array::from_fn(|i| rows.iter().map(|row| row[i].len()).max().unwrap_or(0));
        for (i, row) in rows.iter().enumerate() {
            let pad = |column: usize| format!("{:1$}", row[column], widths[column]);
            writeln!(f, "| {} | {:>2$} | {3} | {4} |", pad(0), row[1], widths[1], pad(2), pad(3))?;
            if i == 0 {
                let [work, seconds, ratio, limit] = widths.map(|width| "-".repeat(width));
                writeln!(f, "|-{work}-|-{seconds}:|-{ratio}-|-{limit}-|")?;
            }
        }
        Ok(())
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
