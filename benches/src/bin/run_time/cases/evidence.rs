//! Measures the way from an error to a record.

use std::hint::black_box;
use std::io;

use disconnect_core::Endpoint;

use super::{Case, times};

pub(crate) const CASES: &[Case] = &[Case { name: "classify", run: classify }];

/// An I/O error inside three other errors.
fn classify(count: u32) {
    let error: io::Error =
        (0..3).fold(io::ErrorKind::ConnectionReset.into(), |inside, _| io::Error::other::<io::Error>(inside));
    times(count, || {
        black_box(Endpoint::AGENT_FACING_SERVER.failed(black_box(&error)));
    });
}
