//! The table of results, as text and as `RESULTS.md`.

use std::fmt;
use std::path::Path;

use crate::matrix::Row;
use crate::servers::{mosquitto, postgres, rabbitmq, redis};

/// The minimum share of correct attributions among decidable faults.
const SHARE: f64 = 0.95;

#[derive(Debug)]
pub(crate) struct Report<'a> {
    rows: &'a [Row],
}

/// The sums of one client over all its faults.
struct Sum<'a> {
    rows: Vec<&'a Row>,
}

impl<'a> Report<'a> {
    pub(crate) const fn of(rows: &'a [Row]) -> Self {
        Self { rows }
    }

    fn sums(&self) -> Vec<Sum<'a>> {
        let mut sums: Vec<Sum<'a>> = Vec::new();
        for row in self.rows {
            let is_same = |sum: &&mut Sum<'a>| {
                let first = sum.rows[0].client;
                (first.library, first.version) == (row.client.library, row.client.version)
            };
            match sums.iter_mut().find(is_same) {
                Some(sum) => sum.rows.push(row),
                None => sums.push(Sum { rows: vec![row] }),
            }
        }
        sums
    }

    /// Whether no fault is reported as normal, and the share is high enough.
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    pub(crate) fn is_good(&self) -> bool {
        let decidable: Vec<&Row> = self.rows.iter().filter(|row| row.fault.is_decidable).collect();
        let right = decidable.iter().filter(|row| row.is_right).count();
        self.rows.iter().all(|row| !row.is_masked) && right as f64 >= SHARE * decidable.len() as f64
    }

    pub(crate) async fn write(&self) {
        let servers =
            [postgres::version().await, redis::version().await, rabbitmq::version().await, mosquitto::version().await];
        let mut text = format!(
            "# Clients against real servers\n\nMade by `cargo run -p disconnect-brokers -- --write`, with {}.\n\n\
             A fault is decidable where the client gets something for it that it gets for no other fault. Right is reason \
             and initiator; of what is not decidable, the answer has to be unexpected.\n\n{self}\n## Every fault\n\n\
             | library | version | fault | said | |\n|---|---|---|---|---|\n",
            servers.join(", ")
        );
        for row in self.rows {
            let note = match (row.is_right, row.fault.is_decidable, row.is_masked) {
                (_, _, true) => "**normal**",
                (true, _, false) => "right",
                (false, true, false) => "**wrong**",
                (false, false, false) => "not decidable",
            };
            let Row { client, fault, said, .. } = row;
            text.push_str(
                &[client.library, client.version, fault.name, said, note].map(|cell| format!("| {cell} ")).concat(),
            );
            text.push_str("|\n");
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        std::fs::write(path, text).expect("RESULTS.md");
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| library | version | faults | decidable | right of these | reported as normal |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        let mut all = [0; 4];
        for sum in self.sums() {
            let decidable = sum.rows.iter().filter(|row| row.fault.is_decidable);
            let right = decidable.clone().filter(|row| row.is_right).count();
            let masked = sum.rows.iter().filter(|row| row.is_masked).count();
            let numbers = [sum.rows.len(), decidable.count(), right, masked];
            let client = sum.rows[0].client;
            writeln!(
                f,
                "| {} | {} | {} |",
                client.library,
                client.version,
                numbers.map(|n| n.to_string()).join(" | ")
            )?;
            all = std::array::from_fn(|i| all[i] + numbers[i]);
        }
        writeln!(f, "| all | | {} |", all.map(|n| n.to_string()).join(" | "))
    }
}
