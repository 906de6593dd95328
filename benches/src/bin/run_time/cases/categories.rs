//! Measures categories: parsing, writing, reading with serde.

use std::hint::black_box;
use std::str::FromStr;

use disconnect_core::Code;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::{Case, times};
use crate::sets::{Inputs, NAMES_8, NAMES_64, NAMES_512, eight, many, sixty_four, texts};

pub(crate) const CASES: &[Case] = &[
    Case { name: "a call with a text", run: |n| parse(n, &NAMES_8, str::len) },
    Case { name: "parse 8", run: |n| parse(n, &NAMES_8, eight::Ours::parse) },
    Case { name: "parse 8, match", run: |n| parse(n, &NAMES_8, eight::by_match) },
    Case { name: "parse 8, strum", run: |n| parse(n, &NAMES_8, eight::Theirs::from_str) },
    Case { name: "parse 8, phf", run: |n| parse(n, &NAMES_8, |text| eight::MAP.get(text)) },
    Case { name: "parse 64", run: |n| parse(n, &NAMES_64, sixty_four::Ours::parse) },
    Case { name: "parse 64, match", run: |n| parse(n, &NAMES_64, sixty_four::by_match) },
    Case { name: "parse 64, strum", run: |n| parse(n, &NAMES_64, sixty_four::Theirs::from_str) },
    Case { name: "parse 64, phf", run: |n| parse(n, &NAMES_64, |text| sixty_four::MAP.get(text)) },
    Case { name: "parse 512", run: |n| parse(n, &NAMES_512, many::Ours::parse) },
    Case { name: "parse 512, match", run: |n| parse(n, &NAMES_512, many::by_match) },
    Case { name: "parse 512, strum", run: |n| parse(n, &NAMES_512, many::Theirs::from_str) },
    Case { name: "parse 512, phf", run: |n| parse(n, &NAMES_512, |text| many::MAP.get(text)) },
    Case { name: "a call with a category", run: |n| call(n, eight::Ours::Graceful, |category| category as usize) },
    Case { name: "as_str", run: |n| call(n, eight::Ours::Graceful, eight::Ours::as_str) },
    Case { name: "as_str, strum", run: |n| call(n, eight::Theirs::Graceful, <&str>::from) },
    Case { name: "as_str 512", run: |n| call(n, many::Ours::PeerResetOnIdle, many::Ours::as_str) },
    Case { name: "expected", run: |n| call(n, eight::Ours::Graceful, eight::Ours::expected) },
    Case { name: "expected 512", run: |n| call(n, many::Ours::PeerResetOnIdle, many::Ours::expected) },
    Case { name: "miss 8", run: |n| miss(n, eight::Ours::from_str) },
    Case { name: "miss 8, strum", run: |n| miss(n, eight::Theirs::from_str) },
    Case { name: "miss 512", run: |n| miss(n, many::Ours::from_str) },
    Case { name: "miss 512, strum", run: |n| miss(n, many::Theirs::from_str) },
    Case { name: "miss of a code", run: |n| miss(n, Code::from_str) },
    Case { name: "read a code", run: |n| call(n, "quic_application.4004", Code::from_str) },
    Case { name: "unknown 8", run: |n| unknown::<eight::Ours>(n) },
    Case { name: "unknown 8, serde", run: |n| unknown::<eight::Theirs>(n) },
    Case { name: "unknown 64", run: |n| unknown::<sixty_four::Ours>(n) },
    Case { name: "unknown 64, serde", run: |n| unknown::<sixty_four::Theirs>(n) },
    Case { name: "unknown 512", run: |n| unknown::<many::Ours>(n) },
    Case { name: "unknown 512, serde", run: |n| unknown::<many::Theirs>(n) },
    Case { name: "unknown json 8", run: |n| unknown_json::<eight::Ours>(n) },
    Case { name: "unknown json 8, serde", run: |n| unknown_json::<eight::Theirs>(n) },
];

/// Looks up every name in turn.
fn parse<T>(count: u32, names: &[&str], find: fn(&str) -> T) {
    let find = black_box(find);
    let inputs = texts(names, Inputs::Hits, names.len(), false);
    let inputs: Vec<&str> = inputs.iter().collect();
    let mut inputs = inputs.iter().cycle();
    times(count, || {
        if let Some(text) = inputs.next() {
            black_box(find(text));
        }
    });
}

fn call<C: Copy, T>(count: u32, category: C, work: fn(C) -> T) {
    let work = black_box(work);
    times(count, || {
        black_box(work(black_box(category)));
    });
}

/// Reads a text that is one edit away from a name, and drops the error without showing it.
fn miss<T, E>(count: u32, read: fn(&str) -> Result<T, E>) {
    call(count, "control_plane_lots", read);
}

/// Uses serde's plain error, which keeps its text.
fn unknown<'de, T: Deserialize<'de>>(count: u32) {
    times(count, || {
        let text: StrDeserializer<'de, Error> = black_box("quota_exceeded").into_deserializer();
        let _ = black_box(T::deserialize(text));
    });
}

fn unknown_json<T: for<'de> Deserialize<'de>>(count: u32) {
    times(count, || {
        let _ = black_box(serde_json::from_str::<T>(black_box("\"quota_exceeded\"")));
    });
}
