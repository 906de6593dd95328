//! Everything that reaches a log: keys, values, aliases, expected flags, and the names in codes.

use std::fmt::Write;

use disconnect_core::{
    ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectField, DisconnectInitiator, DisconnectReason,
    Protocol,
};
use disconnect_release::holds;

/// The protocols whose codes are logged by these names.
const PROTOCOLS: [Protocol; 13] = [
    Protocol::WebSocket,
    Protocol::Ssh,
    Protocol::Http2,
    Protocol::Http3,
    Protocol::Quic,
    Protocol::QuicApplication,
    Protocol::Tls,
    Protocol::Grpc,
    Protocol::Mqtt,
    Protocol::Amqp,
    Protocol::Exit,
    Protocol::Signal,
    Protocol::Sqlstate,
];

#[test]
fn every_logged_value_is_listed() {
    let mut values = String::new();
    list::<DisconnectReason>(&mut values);
    list::<DisconnectInitiator>(&mut values);
    list::<ConnectionDirection>(&mut values);
    list::<ConnectionMethod>(&mut values);
    list::<DisconnectCause>(&mut values);
    for protocol in PROTOCOLS {
        writeln!(values, "disconnect_code {}.", protocol.as_str()).unwrap();
    }
    holds("values.txt", &values);
}

fn list<T: DisconnectField>(values: &mut String) {
    writeln!(values, "{}", T::FIELD).unwrap();
    for category in T::CATEGORIES {
        let expected = category.expected.map_or("", |expected| if expected { " expected" } else { " unexpected" });
        write!(values, "  {:?}{expected}", category.value).unwrap();
        for alias in category.aliases {
            write!(values, " alias {alias:?}").unwrap();
        }
        values.push('\n');
    }
}
