//! The switch that every mutant is behind: `DISCONNECT_MUTANT=17` turns on the one with that number.
//!
//! `DISCONNECT_MUTANTS_REACHED=FILE` appends the number of each mutant that runs, in four bytes.
#![feature(const_eval_select, core_intrinsics)]
#![allow(internal_features)]

use std::fs::File;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

static ON: AtomicU32 = AtomicU32::new(0);
static TRACED: AtomicBool = AtomicBool::new(false);
static REACHED: [AtomicBool; 8192] = [const { AtomicBool::new(false) }; 8192];
static FILE: OnceLock<File> = OnceLock::new();

// Before `main`, since tests count allocations.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    if let Some(number) = std::env::var("DISCONNECT_MUTANT").ok().and_then(|number| number.parse().ok()) {
        ON.store(number, Relaxed);
    }
    if let Some(path) = std::env::var_os("DISCONNECT_MUTANTS_REACHED") {
        let _ = FILE.set(File::options().create(true).append(true).open(path).expect("a folder for the file"));
        TRACED.store(true, Relaxed);
    }
}

/// Whether this mutant is on. None is while the compiler evaluates a constant.
#[inline]
#[must_use]
pub const fn on(number: u32) -> bool {
    core::intrinsics::const_eval_select((number,), off, is_on)
}

const fn off(_: u32) -> bool {
    false
}

#[inline]
fn is_on(number: u32) -> bool {
    if TRACED.load(Relaxed) && !REACHED[number as usize].swap(true, Relaxed) {
        let _ = FILE.get().map(|mut file| file.write_all(&number.to_le_bytes()));
    }
    ON.load(Relaxed) == number
}
