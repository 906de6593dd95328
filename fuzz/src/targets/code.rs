//! Codes: any number and any text, what they mean at every endpoint, and the way back.

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, Endpoint, Protocol};

use crate::input::{Input, is_clean};

const BUILT_IN: [Protocol; 13] = [
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

/// Good names, and some that a protocol of one's own cannot have.
const OWN: [Protocol; 7] = [
    Protocol::Own(&"discord"),
    Protocol::Own(&"a1_b2"),
    Protocol::Own(&"websocket"),
    Protocol::Own(&""),
    Protocol::Own(&"two.parts"),
    Protocol::Own(&"\u{1b}"),
    Protocol::Own(&"abcdefghijklmnopqrstuvwxyz"),
];

/// Each beside its peer's.
const ENDPOINTS: [[Endpoint; 2]; 3] = [
    [Endpoint::AGENT_FACING_SERVER, Endpoint::SERVER_FACING_AGENT],
    [Endpoint::AGENT_FACING_CLIENT, Endpoint::CLIENT_FACING_AGENT],
    [Endpoint::CLIENT_FACING_SERVER, Endpoint::SERVER_FACING_CLIENT],
];

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.below(4) {
        0 => any_text(&String::from_utf8_lossy(input.rest())),
        1 => {
            let codes: Vec<String> = BUILT_IN.iter().map(|protocol| format!("{}.1000", protocol.as_str())).collect();
            any_text(&input.near(&codes.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        2 => {
            let protocol = if input.flag() { input.pick(&BUILT_IN) } else { input.pick(&OWN) };
            let number = input.number();
            if let Some(code) = Code::from_number(protocol, number) {
                assert_eq!((code.number(), code.text()), (Some(number), None));
                any_code(protocol, code);
            }
        }
        _ => {
            let protocol = if input.flag() { Protocol::Sqlstate } else { input.pick(&OWN) };
            text_of(protocol, &input.near(&["57P01", "stale", "a-b_c_d0", "123456789"]));
        }
    }
}

/// What parses is what is logged, to the letter.
fn any_text(text: &str) {
    if let Ok(code) = text.parse::<Code>() {
        assert_eq!(code.to_string(), text);
        any_code(code.protocol(), code);
    }
}

fn text_of(protocol: Protocol, text: &str) {
    let is_code = if protocol == Protocol::Sqlstate {
        text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    } else {
        let is_named = matches!(protocol.as_str(), "discord" | "a1_b2");
        let is_text = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        is_named && is_text && (1..=8).contains(&text.len())
    };
    let code = Code::from_text(protocol, text);
    assert_eq!(code.is_some(), is_code, "{protocol:?} {text:?}");
    if let Some(code) = code {
        assert_eq!((code.number(), code.text()), (None, Some(text)));
        any_code(protocol, code);
    }
}

fn any_code(protocol: Protocol, code: Code) {
    assert_eq!(code.protocol(), protocol);
    let logged = code.to_string();
    assert!(logged.len() <= Code::MAX_LEN && is_clean(&logged), "{logged:?}");
    assert!(logged.starts_with(&format!("{}.", protocol.as_str())));
    let is_known = BUILT_IN.contains(&protocol);
    assert_eq!(logged.parse().ok(), is_known.then_some(code), "{logged:?}");
    for verdict in [code.received(), code.sent(), code.received().of_stream()] {
        assert_eq!(verdict.code(), Some(code));
    }
    for [here, there] in ENDPOINTS.into_iter().flat_map(|[a, b]| [[a, b], [b, a]]) {
        for end in [here.received(code), here.sent(code)] {
            is_told_as_it_is(&end, there);
            assert_eq!(end.code(), Some(code));
            if !is_known {
                assert!(!end.expected(), "nobody knows {logged}");
            }
        }
    }
}

/// The network says no goodbye, and this side says none for an end that is not expected.
fn is_told_as_it_is(end: &Disconnect, there: Endpoint) {
    assert!(!end.expected() || end.side() != Some(Side::Network), "{end:?}");
    let json = serde_json::to_value(end).expect("a record is a map of texts");
    assert_eq!(json["disconnect_expected"], end.expected());
    assert_eq!(json["disconnect_code"].as_str().map(str::to_owned), end.code().map(|code| code.to_string()));
    for protocol in BUILT_IN {
        let Some(close) = end.close_code(protocol) else { continue };
        assert_eq!(close.protocol(), protocol);
        let told = there.received(close);
        assert!(
            end.expected() || !told.expected(),
            "{end:?} is closed with {close}, which the peer takes for {told:?}"
        );
    }
}
