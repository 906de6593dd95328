//! Classifies an error three levels deep `N` times, for measurements with callgrind.
//!
//! ```sh
//! cargo build --release -p disconnect-adapter-versions --example classify
//! for n in 0 1000; do
//!     valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/classify tonic $n
//! done
//! ```
//!
//! The cost of one classification is a thousandth of the difference of the two totals.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::process::ExitCode;

use disconnect_adapter_versions::{EVERY_ADAPTER, EVERY_VERSION, three_levels};
use disconnect_core::{Classifier, Endpoint};

/// The errors to choose from, and whether the classifier has all versions of the libraries.
const USAGE: &str = "usage: classify tonic|quinn|rustls|russh [every-version] N";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, classifier, times): (_, &'static Classifier, _) = match arguments[..] {
        [name, times] => (name, &EVERY_ADAPTER, times),
        [name, "every-version", times] => (name, &EVERY_VERSION, times),
        _ => return usage(),
    };
    let (Some(error), Ok(times)) = (error(name), times.parse::<u32>()) else { return usage() };
    let end = Endpoint::AGENT_FACING_SERVER.with_classifier(classifier);
    for _ in 0..times {
        drop(black_box(end.failed(black_box(&*error))));
    }
    println!("{:?}", end.failed(&*error));
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// Three errors, one inside the other.
fn error(name: &str) -> Option<Box<dyn Error>> {
    Some(match name {
        // A status, with hyper's and h2's error inside.
        "tonic" => Box::new(three_levels()),
        // The form of `AsyncRead`: an I/O error with the stream's and the connection's error inside.
        "quinn" => {
            let lost = quinn_011::ReadError::ConnectionLost(quinn_011::ConnectionError::TimedOut);
            Box::new(io::Error::from(lost))
        }
        // TLS below a WebSocket, with the alert of the highest number.
        "rustls" => {
            let alert = rustls_023::Error::AlertReceived(rustls_023::AlertDescription::NoApplicationProtocol);
            Box::new(tungstenite_30::Error::Io(io::Error::other(alert)))
        }
        // An error that the last adapters find, in a container that they have to open.
        "russh" => {
            let reset = io::Error::from(io::ErrorKind::ConnectionReset);
            Box::new(io::Error::other(russh::Error::IO(reset)))
        }
        _ => return None,
    })
}
