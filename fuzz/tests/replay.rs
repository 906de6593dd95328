//! On stable: every committed input of every target, and random ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, panic};

use disconnect_fuzz::{TARGETS, check, corpus};

#[test]
fn committed_inputs_hold() {
    for (target, _) in TARGETS {
        for input in corpus::inputs(target) {
            run(target, &input, "committed");
        }
    }
}

/// `DISCONNECT_FUZZ_SECONDS` for each target, or few inputs; `DISCONNECT_FUZZ_SEED` repeats a run.
#[test]
fn random_inputs_hold() {
    let number = |name| env::var(name).ok().map(|number| number.parse().expect("a number"));
    let seed = number("DISCONNECT_FUZZ_SEED").unwrap_or(0x5eed);
    let time = number("DISCONNECT_FUZZ_SECONDS").map(Duration::from_secs);
    for (target, _) in TARGETS {
        let mut random = Random(seed);
        let start = Instant::now();
        let mut count = 0_u32;
        while time.map_or(count < 2000 && start.elapsed() < Duration::from_millis(400), |time| start.elapsed() < time) {
            let length = 1_usize << (random.next() % 10);
            let input: Vec<u8> = (0..length).map(|_| random.next().to_le_bytes()[7]).collect();
            run(target, &input, &format!("number {count} of DISCONNECT_FUZZ_SEED={seed}"));
            count += 1;
        }
        println!("{target}: {count} inputs in {:?}", start.elapsed());
    }
}

/// Says which input it was where one fails.
fn run(target: &str, input: &[u8], which: &str) {
    // Some checks count the ends of the whole process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let holds = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| check(target, input)));
    if holds(input).is_ok() {
        return;
    }
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let smaller = shrunk(input.to_vec(), |input| holds(input).is_err());
    panic::set_hook(hook);
    eprintln!("{target}, {which}, fails; smaller: {}", corpus::line(&smaller));
    check(target, &smaller);
    panic!("fails only once");
}

/// Leaves out bytes as long as the input still fails.
fn shrunk(mut input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut size = input.len();
    while size > 0 {
        let mut at = 0;
        while at < input.len() {
            let without = [&input[..at], &input[input.len().min(at + size)..]].concat();
            if fails(&without) { input = without } else { at += size }
        }
        size /= 2;
    }
    input
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
