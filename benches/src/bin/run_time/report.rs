//! The rows of the table with their limits.
//!
//! A count is limited to its goal, or to slightly more than its current value. A ratio of counts is limited to half of
//! its current value, because peers and compilers change too; a ratio of times to less.

use disconnect_benches::table::{Limits, Row, Table, Unit};
use disconnect_core::{
    ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectInitiator, DisconnectReason,
};

use crate::cases::NOTHING;
use crate::cases::ends::HIDDEN;
use crate::clock::{Times, nanoseconds};
use crate::sets::{EIGHT, Inputs, MANY, SIXTY_FOUR, Set};
use crate::valgrind::Costs;

/// The cost of the guard alone: the level is disabled.
const GUARDS: [&str; 2] = ["guard, off", "guard, level stated, off"];

/// Builds the table from the counts of valgrind. Times are measured here.
pub(crate) fn table(costs: &Costs) -> Table {
    let mut report = Report { costs, table: Table::default() };
    report.parsing();
    report.timing();
    report.categories();
    report.lines();
    report.ends();
    report.streams();
    report.allocations();
    report.sizes();
    report.table
}

struct Report<'a> {
    costs: &'a Costs,
    table: Table,
}

impl Report<'_> {
    /// The additional cost of a case over another one.
    fn more(&self, case: &str, than: &str) -> f64 {
        let count = |case: &str| self.costs.get(case).map_or(f64::NAN, |cost| cost.instructions);
        count(case) - count(than)
    }

    /// The cost of a case without the loop, beside the same case of a peer.
    fn instructions(&mut self, case: &str, peer: Option<(&'static str, &str)>) -> &mut Row {
        let figure = self.more(case, NOTHING);
        let peer = peer.map(|(name, case)| (name, self.more(case, NOTHING)));
        let row = self.table.row(case, Unit::Instructions, figure);
        match peer {
            Some((name, figure)) => row.beside(name, figure),
            None => row,
        }
    }

    fn parsing(&mut self) {
        const CALL: &str = "a call with a text";
        self.table.heading("`parse`, each name in turn");
        for (case, wanted) in [("parse 8", 40.0), ("parse 64", 55.0), ("parse 512", 55.0)] {
            let figure = self.more(case, CALL);
            let peers = ["match", "strum", "phf"].map(|peer| (peer, self.more(&format!("{case}, {peer}"), CALL)));
            let row = self.table.row(case, Unit::Instructions, figure).at_most(Limits::of(wanted));
            for (peer, figure) in peers {
                row.beside(peer, figure);
            }
        }
    }

    fn timing(&mut self) {
        self.table.heading("`parse`, wall clock");
        let sets: [(&str, &Set); 3] = [("8", &EIGHT), ("64", &SIXTY_FOUR), ("512", &MANY)];
        let mut hits = [f64::NAN; 3];
        for ((names, set), hits) in sets.into_iter().zip(&mut hits) {
            let row = |inputs: &str, order: &str| format!("{names} names, {inputs}, {order} order");
            let random = nanoseconds(set, Inputs::Hits, true);
            *hits = random.ours;
            limit_hits(self.timed(&row("hits", "random"), random), names);
            let predictable = nanoseconds(set, Inputs::Hits, false);
            let row_of_predictable = self.timed(&row("hits", "predictable"), predictable);
            if names == "8" {
                // About a nanosecond each without the loop. The placement of the loop by the compiler changes the ratio
                // of the same code between 1.2 and 2.4. Its instructions are limited above.
                row_of_predictable.at_most_times("match", Limits::wanted(1.3, 3.2));
            }
            self.timed(&row("near misses", "random"), nanoseconds(set, Inputs::NearMisses, true));
            self.timed(&row("random letters", "random"), nanoseconds(set, Inputs::Misses, true));
        }
        let [few, _, many] = hits;
        self.table
            .row("512 names, hits, random order", Unit::Nanoseconds, many)
            .beside("8 names", few)
            .at_most_times("8 names", Limits::wanted(1.5, 2.0));
    }

    fn timed(&mut self, work: &str, times: Times) -> &mut Row {
        let Times { ours, by_match, strum, phf } = times;
        let row = self.table.row(work, Unit::Nanoseconds, ours);
        row.beside("match", by_match).beside("strum", strum).beside("phf", phf)
    }

    fn categories(&mut self) {
        const CALL: &str = "a call with a category";
        self.table.heading("a category");
        let strum = self.more("as_str, strum", CALL);
        for (case, wanted) in [("as_str", 6.0), ("as_str 512", 6.0), ("expected", 4.0), ("expected 512", 5.0)] {
            let figure = self.more(case, CALL);
            let row = self.table.row(case, Unit::Instructions, figure);
            // More than 64 categories are looked up in a table, which has no goal.
            row.at_most(if case == "expected 512" { Limits::held(wanted) } else { Limits::of(wanted) });
            if case == "as_str" {
                row.beside("strum", strum);
            }
        }
        self.table.heading("`FromStr` of an unknown text, the error dropped");
        // A microsecond is about 3,000 instructions.
        for (case, peer) in [("miss 8", "miss 8, strum"), ("miss 512", "miss 512, strum")] {
            self.instructions(case, Some(("strum", peer))).at_most(Limits::of(120.0));
        }
        for case in ["miss of a code", "read a code"] {
            self.instructions(case, None).at_most(Limits::of(400.0));
        }
        self.table.heading("reading an unknown value through serde");
        let derived = Some("derived");
        for (case, peer, held) in [
            ("unknown 8", "unknown 8, serde", 13.0),
            ("unknown 64", "unknown 64, serde", 60.0),
            ("unknown 512", "unknown 512, serde", 400.0),
        ] {
            self.instructions(case, derived.zip(Some(peer))).times_less("derived", Limits::wanted(50.0, held));
        }
        self.instructions("unknown json 8", derived.zip(Some("unknown json 8, serde")))
            .times_less("derived", Limits::held(3.0));
    }

    fn lines(&mut self) {
        self.table.heading("`disconnected!`, level off");
        self.instructions("slots, off", Some(("event!", "slots, off, by hand")))
            .at_most_times("event!", Limits::of(1.0));
        self.instructions("record, off", Some(("event!", "record, off, by hand")))
            .at_most_times("event!", Limits::of(1.0));
        self.instructions("log, off", None).at_most(Limits::of(30.0));
        self.table.heading("`disconnected!`, every field visited");
        let display = self.more("slots, on, by %", NOTHING);
        self.instructions("slots, on", Some(("event!", "slots, on, by hand")))
            .beside("event! with %", display)
            .at_most_times("event!", Limits::of(1.05))
            .times_less("event! with %", Limits::NONE);
        self.instructions("record, on", Some(("event!", "record, on, by hand")))
            .at_most_times("event!", Limits::of(1.05));
    }

    fn ends(&mut self) {
        self.table.heading("the end of a connection");
        // The allocation and its release are about a quarter of a guard.
        for case in GUARDS {
            let figure = self.more(case, HIDDEN);
            self.table.row(case, Unit::Instructions, figure).at_most(Limits::wanted(400.0, 720.0));
        }
        self.instructions("guard, on", None).at_most(Limits::held(1400.0));
        self.instructions("classify", None).at_most(Limits::wanted(300.0, 470.0));
        self.table.heading("the layer, on an event that is no disconnect");
        for case in ["other event, 5 fields", "other event, 16 fields"] {
            self.instructions(case, None).at_most(Limits::of(50.0));
        }
        for (case, limit) in [("other event, wanted, 5 fields", 180.0), ("other event, wanted, 16 fields", 240.0)] {
            let no_op = format!("{case}, no-op layer");
            let figure = self.more(case, &no_op);
            let filter = self.more(&format!("{case}, LevelFilter"), &no_op);
            self.table.row(case, Unit::Instructions, figure).beside("LevelFilter", filter).at_most(Limits::held(limit));
        }
        self.table.heading("counting one");
        let counter = Some(("counter!", "metrics::counter!"));
        self.instructions("count typed", counter)
            .at_most(Limits::of(30.0))
            .times_less("counter!", Limits::wanted(50.0, 70.0));
        self.instructions("count record", counter).at_most(Limits::held(330.0));
        self.instructions("metrics typed", counter).at_most(Limits::held(60.0));
        self.instructions("metrics record", counter).at_most(Limits::held(400.0));
    }

    fn streams(&mut self) {
        self.table.heading("a watched stream, more than the bare one");
        for case in ["read", "write", "poll_read", "poll_write"] {
            let figure = self.more(case, &format!("{case}, bare"));
            self.table.row(case, Unit::Instructions, figure).at_most(Limits::wanted(10.0, 25.0));
        }
        // Reading the clock is a call of the operating system.
        let silence = self.more("ping and pong, for silence", "ping and pong");
        self.table.row("a write and its answer, for silence", Unit::Instructions, silence);
    }

    /// Cases that may not allocate, and cases that may allocate once. A serde error always keeps its text on the heap.
    fn allocations(&mut self) {
        const FREE: [&str; 27] = [
            "parse 8",
            "parse 64",
            "parse 512",
            "as_str",
            "as_str 512",
            "expected",
            "expected 512",
            "miss 8",
            "miss 512",
            "miss of a code",
            "read a code",
            "slots, off",
            "slots, on",
            "record, off",
            "log, off",
            "record, on",
            "classify",
            "other event, wanted, 16 fields",
            "count typed",
            "count record",
            "metrics typed",
            "metrics record",
            "read",
            "write",
            "poll_read",
            "poll_write",
            "ping and pong, for silence",
        ];
        self.table.heading("allocations");
        let count = |case: &str| self.costs.get(case).map_or(f64::NAN, |cost| cost.allocations);
        let (of_counter, of_derived) = (count("metrics::counter!"), count("unknown 8, serde"));
        for case in FREE {
            if count(case) != 0.0 {
                self.table.row(case, Unit::Allocations, count(case)).at_most(Limits::of(0.0));
            }
        }
        let all = FREE.into_iter().map(count).sum();
        self.table
            .row("all of ours above but guards and the errors of serde", Unit::Allocations, all)
            .beside("counter!", of_counter)
            .at_most(Limits::of(0.0));
        let guards = GUARDS.into_iter().map(count).fold(0.0, f64::max);
        self.table.row("a guard", Unit::Allocations, guards).at_most(Limits::of(1.0));
        self.table
            .row("an unknown value through serde", Unit::Allocations, count("unknown 8"))
            .beside("derived", of_derived)
            .at_most(Limits::held(1.0));
    }

    fn sizes(&mut self) {
        self.table.heading("sizes");
        let ours = [
            largest::<DisconnectReason>(),
            largest::<DisconnectInitiator>(),
            largest::<ConnectionDirection>(),
            largest::<ConnectionMethod>(),
            largest::<DisconnectCause>(),
        ];
        let largest = ours.into_iter().fold(0.0, f64::max);
        self.table.row("each enum, and an option of it", Unit::Bytes, largest).at_most(Limits::of(1.0));
        self.table.row("`Disconnect`", Unit::Bytes, bytes::<Disconnect>()).at_most(Limits::of(104.0));
    }
}

fn limit_hits(row: &mut Row, names: &str) {
    match names {
        "8" => row
            .times_less("match", Limits::wanted(2.0, 1.4))
            .times_less("strum", Limits::wanted(2.0, 1.4))
            .times_less("phf", Limits::wanted(6.0, 4.0)),
        "512" => row.times_less("strum", Limits::wanted(5.0, 3.5)).times_less("phf", Limits::wanted(5.0, 3.5)),
        _ => row.times_less("match", Limits::held(1.8)).times_less("strum", Limits::held(1.8)),
    };
}

fn largest<T>() -> f64 {
    bytes::<T>().max(bytes::<Option<T>>())
}

fn bytes<T>() -> f64 {
    u32::try_from(size_of::<T>()).map_or(f64::INFINITY, f64::from)
}
