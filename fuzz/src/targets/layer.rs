//! The layer on any event: any types, keys that are there twice, spans around it.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex};

use disconnect_core::{
    Category, Counters, DisconnectCause, DisconnectField, DisconnectLayer, DisconnectReason, Inconsistency, Observed,
    Recorded,
};
use tracing::callsite::Identifier;
use tracing::field::{Empty, FieldSet, Value, display};
use tracing::metadata::Kind;
use tracing::subscriber::{Interest, with_default};
use tracing::{Callsite, Event, Level, Metadata, dispatcher, info_span};
use tracing_subscriber::layer::SubscriberExt;

use crate::input::{Input, is_clean};

/// The keys of the event, one of somebody else, and again one of ours: another field of the same name.
const KEYS: [&str; 12] = [
    REASON,
    EXPECTED,
    "disconnect_initiator",
    "connect_type",
    "connection_method",
    "disconnect_cause",
    "disconnect_code",
    "disconnect_detail",
    "message",
    "peer_id",
    "disconnect_reason.x",
    REASON,
];
const REASON: &str = "disconnect_reason";
const EXPECTED: &str = "disconnect_expected";

macro_rules! call_site {
    ($site:ident, $metadata:ident, $level:ident) => {
        struct $site;

        impl Callsite for $site {
            fn set_interest(&self, _: Interest) {}

            fn metadata(&self) -> &Metadata<'static> {
                &$metadata
            }
        }

        static $metadata: Metadata<'static> = Metadata::new(
            "disconnect",
            "fuzz",
            Level::$level,
            None,
            None,
            None,
            FieldSet::new(&KEYS, Identifier(&$site)),
            Kind::EVENT,
        );
    };
}

call_site!(AtInfo, INFO, INFO);
call_site!(AtDebug, DEBUG, DEBUG);

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observer = {
        let seen = seen.clone();
        move |end: &Observed| seen.lock().expect("nobody panics here").push(end.clone())
    };
    let asks_for_fields = input.flag();
    let layer = DisconnectLayer::new(observer).fields(asks_for_fields.then_some("peer_id"));
    let metadata = if input.below(8) == 0 { &DEBUG } else { &INFO };
    let mut of_span = None;
    let mut values = Vec::new();
    with_default(tracing_subscriber::registry().with(layer.layer()), || {
        let span = info_span!("session", peer_id = Empty, disconnect_reason = Empty);
        for _ in 0..input.below(3) {
            let text = input.text(4);
            span.record("peer_id", text.as_str());
            span.record("disconnect_reason", "graceful");
            of_span = Some(text);
        }
        let _entered = span.enter();
        while !input.is_empty() && values.len() < 16 {
            let key = input.below(KEYS.len());
            values.push((key, Given::new(KEYS[key], &mut input)));
        }
        emit(metadata, &values, asks_for_fields);
    });
    let seen = std::mem::take(&mut *seen.lock().expect("nobody panics here"));
    let has_reason = values.iter().any(|(key, _)| KEYS[*key] == REASON);
    if *metadata.level() > Level::INFO || !has_reason {
        assert!(seen.is_empty(), "{seen:?}");
        return;
    }
    let [end] = &seen[..] else { panic!("one event, and {} observed", seen.len()) };
    is_what_was_logged(end, &values);
    let peer = values.iter().find(|(key, _)| KEYS[*key] == "peer_id").map(|(_, given)| given.text());
    assert_eq!(end.field("peer_id"), peer.or(of_span).filter(|_| asks_for_fields).as_deref());
    assert!(is_clean(&end.to_string()), "{end}");
    counts_once(end);
}

/// As the macros of tracing do, and as `Event::dispatch` alone does, which asks no filter.
fn emit(metadata: &'static Metadata<'static>, values: &[(usize, Given)], asks: bool) {
    let fields: Vec<_> = metadata.fields().iter().collect();
    let given = values.iter().map(|(key, given)| (&fields[*key], given.value()));
    let given: Vec<_> = given.collect();
    let array: [_; 16] = std::array::from_fn(|i| match given.get(i) {
        Some((field, value)) => (*field, Some(&**value)),
        None => (&fields[0], None),
    });
    if !asks || dispatcher::get_default(|dispatch| dispatch.enabled(metadata)) {
        Event::dispatch(metadata, &metadata.fields().value_set(&array));
    }
}

fn is_what_was_logged(end: &Observed, values: &[(usize, Given)]) {
    let of = |key: &str| values.iter().filter(|(at, _)| KEYS[*at] == key).map(|(_, given)| given).collect::<Vec<_>>();
    let is_wrong = |key| of(key).iter().any(|given| !given.is_right(key));
    let count = |key| of(key).iter().filter(|given| key != EXPECTED || given.is_right(key)).count();
    for key in KEYS.into_iter().filter(|key| !matches!(*key, "peer_id" | "disconnect_reason.x")) {
        let has = |inconsistency| end.inconsistencies().contains(&inconsistency);
        assert_eq!(has(Inconsistency::WrongType(key)), is_wrong(key), "{key} of {end}");
        assert_eq!(has(Inconsistency::Repeated(key)), count(key) > 1, "{key} of {end}");
        let longest = of(key).iter().map(|given| given.length()).max().unwrap_or_default();
        // The claim is no text. A character that is cleaned may become three bytes.
        let is_free = matches!(key, "message" | EXPECTED);
        let [is_cut, may_be_cut] = [1, 3].map(|factor| longest * factor > Observed::MAX_LEN && !is_free);
        let is_told = has(Inconsistency::Cut(key));
        assert!(is_told >= is_cut && is_told <= may_be_cut, "{key} of {longest} bytes: {end}");
    }
    let last = |key| of(key).last().map(|given| given.text());
    let reason = Recorded::<DisconnectReason>::from(last(REASON).expect("an end has a reason"));
    assert_eq!(end.reason(), &reason);
    let claims = of(EXPECTED).iter().rev().find_map(|given| match given {
        Given::Bool(claim) => Some(*claim),
        _ => None,
    });
    assert_eq!(end.logged_expected(), claims);
    let in_doubt = [REASON, EXPECTED].iter().any(|key| is_wrong(key) || count(key) > 1);
    assert_eq!(end.expected(), reason.expected() && !in_doubt && claims != Some(false), "{end}");
    assert!(!end.is_consistent() || claims == Some(end.expected()), "{end}");
    for (key, text) in
        [("disconnect_detail", end.detail()), ("disconnect_code", end.code()), ("message", end.message())]
    {
        assert_eq!(text.is_some(), last(key).is_some());
        assert!(text.is_none_or(|text| is_clean(text) && text.len() <= Observed::MAX_LEN));
    }
    assert_eq!(end.cause().map(Recorded::as_str), last("disconnect_cause").map(known_as::<DisconnectCause>).as_deref());
}

/// An alias is read as the category.
fn known_as<T: DisconnectField>(text: String) -> String {
    T::parse(&text).map_or(text, |category| category.as_str().to_owned())
}

fn counts_once(end: &Observed) {
    let counters = Counters::new();
    counters.count_observed(end);
    let snapshot = counters.snapshot();
    assert_eq!((snapshot.total(), snapshot.expected()), (1, u64::from(end.expected())), "{end}");
    let counted = snapshot.iter().find(|count| count.value == 1).expect("counted");
    let is_category = DisconnectReason::CATEGORIES.iter().map(Category::as_str).any(|value| value == counted.reason);
    assert!(is_category || counted.reason == "unrecognized");
}

/// A value of an event.
enum Given {
    Text(String),
    Shown(String),
    Bool(bool),
    Number(i64),
    Wide(u128),
    Float(f64),
    Bytes(Vec<u8>),
    Error(fmt::Error),
}

impl Given {
    fn new(key: &str, input: &mut Input<'_>) -> Self {
        match input.below(12) {
            0 => Self::Number(input.number()),
            1 => Self::Wide(u128::from(input.number().unsigned_abs()) << 64),
            2 => Self::Float(f64::from_bits(input.number().unsigned_abs())),
            3 => Self::Bytes(input.text(4).into_bytes()),
            4 => Self::Error(fmt::Error),
            5 | 6 => Self::Bool(input.flag()),
            7 => Self::Shown(input.near(&WORDS)),
            8 => Self::Text(input.text(20).repeat(input.below(70))),
            _ if key == EXPECTED => Self::Bool(input.flag()),
            _ => Self::Text(input.near(&WORDS)),
        }
    }

    fn is_right(&self, key: &str) -> bool {
        match self {
            Self::Text(_) | Self::Shown(_) => key != EXPECTED,
            Self::Bool(_) => key == EXPECTED,
            Self::Number(_) | Self::Wide(_) | Self::Float(_) | Self::Bytes(_) | Self::Error(_) => false,
        }
    }

    fn value(&self) -> Box<dyn Value + '_> {
        match self {
            Self::Text(text) => Box::new(text.as_str()),
            Self::Shown(text) => Box::new(display(text)),
            Self::Bool(value) => Box::new(*value),
            Self::Number(value) => Box::new(*value),
            Self::Wide(value) => Box::new(*value),
            Self::Float(value) => Box::new(*value),
            Self::Bytes(bytes) => Box::new(&**bytes),
            Self::Error(error) => Box::new(error as &(dyn Error + 'static)),
        }
    }

    fn whole(&self) -> String {
        match self {
            Self::Text(text) | Self::Shown(text) => text.clone(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Wide(value) => value.to_string(),
            Self::Float(value) => format!("{value:?}"),
            Self::Bytes(bytes) => format!("{bytes:?}"),
            Self::Error(error) => error.to_string(),
        }
    }

    fn length(&self) -> usize {
        self.whole().len()
    }

    /// What is kept of it.
    fn text(&self) -> String {
        let text = self.whole();
        let end = (0..=Observed::MAX_LEN.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        text[..end.unwrap_or(0)].to_owned()
    }
}

const WORDS: [&str; 14] = [
    "graceful",
    "client_closed",
    "network_error",
    "unknown",
    "",
    "network",
    "client",
    "server_to_agent",
    "derp",
    "reset",
    "websocket.1001",
    "quota_exceeded",
    "unrecognized",
    "text",
];
