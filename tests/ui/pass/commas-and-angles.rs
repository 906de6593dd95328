//! Values with commas between angle brackets, and comparisons and shifts that have the brackets alone.

use std::collections::HashMap;
use std::marker::PhantomData;

use disconnect_core::{DisconnectReason, disconnected};

trait Shape<A, B> {
    const X: usize;
}

struct Pair<A, B>(PhantomData<(A, B)>);

impl<A, B> Shape<A, B> for Pair<A, B> {
    const X: usize = 1;
}

type Same<A, B> = <(A, B) as First>::Type;

trait First {
    type Type;
}

impl<A, B> First for (A, B) {
    type Type = A;
}

fn main() {
    let (a, b, c, d) = (1_u32, 2_u32, 3_u32, 4_u32);
    let why = DisconnectReason::Graceful;
    disconnected!(reason = why, shape = <Pair<u8, u16> as Shape<u8, u16>>::X, after = 1, "a qualified path");
    disconnected!(reason = why, shape = 1 + <Pair<u8, u16> as Shape<u8, u16>>::X, after = 1, "behind an operator");
    disconnected!(reason = why, pairs = Vec::<(u8, u8)>::new().len(), after = 1, "a turbofish with a tuple");
    disconnected!(reason = why, pairs = HashMap::<u8, u16>::new().len(), after = 1, "a turbofish with a comma");
    disconnected!(reason = why, nested = HashMap::<u8, HashMap<u8, Vec<u16>>>::new().len(), after = 1, "nested");
    disconnected!(reason = why, calls = std::iter::empty::<fn(u8, u8) -> u8>().count(), after = 1, "an arrow");
    disconnected!(reason = why, cast = a as Same<u32, u8>, after = 1, "a cast to a generic type");
    disconnected!(reason = why, cast = a as <(u32, u8) as First>::Type, after = 1, "a cast to a qualified type");
    disconnected!(reason = why, less = a < b, more = c > d, "two comparisons");
    disconnected!(reason = why, less = a <= b, more = c >= d, "two more");
    disconnected!(reason = why, less = a.min(b) < c, more = c > d, "behind a call");
    disconnected!(reason = why, less = 1 < b, more = 3 > d, "behind a literal");
    disconnected!(reason = why, left = a << b, right = c >> 1, after = 1, "shifts");
    disconnected!(reason = why, cast = (a as u64) < u64::from(b), after = c > d, "a comparison behind a cast");
    disconnected!(reason = why, block = { a < b }, closure = (|x: u32, y: u32| x < y)(a, b), "groups");
    disconnected!(
        reason = why,
        picked = match a {
            1 => b,
            _ => c,
        },
        after = 1,
        "a match"
    );
    disconnected!(reason = why, same = a == b, differs = a != b, both = a < b && c > d, "operators with `=`");
}
