//! What the macros let the compiler evaluate, called at run time. `tests/ui` has the errors as a user sees them.

use std::panic::catch_unwind;

use disconnect_core::__private::{Difference, event::own_key};
use disconnect_core::{ConnectionMethod, DisconnectReason};
use disconnect_tests::Thousand;

/// The values of `DisconnectReason`, in their order.
const REASONS: [&str; 8] = [
    "unknown",
    "graceful",
    "client_closed",
    "server_shutdown",
    "network_error",
    "protocol_error",
    "workspace_stopped",
    "control_plane_lost",
];
const EXPECTED: [&str; 4] = ["graceful", "client_closed", "server_shutdown", "workspace_stopped"];

/// What `assert_categories!` says of these values.
fn difference(values: &[&str], expected: Option<&[&str]>) -> String {
    let difference = Difference::new(DisconnectReason::FIELD, DisconnectReason::CATEGORIES, values, expected);
    assert_eq!(difference.is_empty(), difference.text().is_empty());
    let text = difference.text();
    text.strip_prefix("the categories of `disconnect_reason` changed; ").unwrap_or(text).to_owned()
}

/// The values without those, and with these at the end.
fn listed<'a>(without: &[&str], with: &[&'a str]) -> Vec<&'a str> {
    REASONS.into_iter().filter(|value| !without.contains(value)).chain(with.iter().copied()).collect()
}

#[test]
fn an_unchanged_set_has_no_difference() {
    for turned in 0..REASONS.len() {
        let mut values = REASONS;
        values.rotate_left(turned);
        assert_eq!(difference(&values, None), "");
        let mut expected = EXPECTED;
        expected.reverse();
        assert_eq!(difference(&values, Some(&expected)), "", "in any order");
    }
}

#[test]
fn each_category_that_changed_is_named() {
    for value in REASONS {
        assert_eq!(difference(&listed(&[value], &[]), None), format!("added: `{value}`"));
        assert_eq!(difference(&listed(&[value], &["gone"]), None), format!("renamed: `gone` is now `{value}`"));
        assert_eq!(difference(&listed(&[], &[value]), None), format!("listed twice: `{value}`"));
    }
    let first_and_last = ["unknown", "control_plane_lost"];
    for (without, with, expected) in [
        (&[][..], &["gone"][..], "removed: `gone`"),
        (&[], &["gone", "lost"], "removed: `gone`, `lost`"),
        (&first_and_last, &[], "added: `unknown`, `control_plane_lost`"),
        (&first_and_last, &["gone"], "added: `unknown`, `control_plane_lost`; removed: `gone`"),
        (&["graceful"], &["gone", "lost"], "added: `graceful`; removed: `gone`, `lost`"),
        (&["graceful"], &["gone", "gone"], "added: `graceful`; removed: `gone`, `gone`; listed twice: `gone`"),
        // Neither a prefix nor another letter is the same.
        (&["graceful"], &["gracefu"], "renamed: `gracefu` is now `graceful`"),
        (&["graceful"], &["gracefull"], "renamed: `gracefull` is now `graceful`"),
        (&["graceful"], &["Graceful"], "renamed: `Graceful` is now `graceful`"),
        (&[], &[""], "removed: ``"),
    ] {
        assert_eq!(difference(&listed(without, with), None), expected);
    }
    assert!(difference(&[], None).starts_with("added: `unknown`, `graceful`, "));
}

#[test]
fn each_flag_that_changed_is_named() {
    for value in EXPECTED {
        let others: Vec<_> = EXPECTED.into_iter().filter(|other| *other != value).collect();
        assert_eq!(difference(&REASONS, Some(&others)), format!("now expected: `{value}`"));
    }
    for (expected, text) in [
        (&["unknown"][..], "no longer expected: `unknown`"),
        (&["control_plane_lost"], "no longer expected: `control_plane_lost`"),
        (&["gone"], "listed as expected, but not as a category: `gone`"),
        (
            &["gone", "lost"],
            "listed as expected, but not as a category: `gone`; listed as expected, but not as a category: `lost`",
        ),
    ] {
        assert_eq!(difference(&REASONS, Some(&[&EXPECTED, expected].concat())), text);
    }
    // The flag of a category that was added is not compared.
    assert_eq!(difference(&listed(&["graceful"], &[]), Some(&EXPECTED[1..])), "added: `graceful`");
    // A set without flags.
    let plain = Difference::new(ConnectionMethod::FIELD, ConnectionMethod::CATEGORIES, &["", "direct", "derp"], None);
    assert!(plain.is_empty(), "{}", plain.text());
}

#[test]
fn a_long_difference_is_cut() {
    let of = |values: &[&str]| Difference::new(Thousand::FIELD, Thousand::CATEGORIES, values, None).text().to_owned();
    let all = of(&[]);
    assert_eq!(all.len(), 4096);
    assert!(all.contains("added: `category0`, `category1`, "), "{all}");
    // Cut inside a character.
    let long = "é".repeat(4096);
    let lengths = [long.clone(), format!("a{long}")].map(|value| {
        let mut values = REASONS.to_vec();
        values.push(&value);
        Difference::new(DisconnectReason::FIELD, DisconnectReason::CATEGORIES, &values, None).text().len()
    });
    assert!([[4096, 22], [22, 4096]].contains(&lengths), "{lengths:?}");
}

#[test]
fn an_enum_with_errors_has_no_difference() {
    assert!(Difference::new("field", &[], &["unknown"], Some(&["unknown"])).is_empty());
}

#[test]
fn a_key_of_the_event_is_refused() {
    let message = |key: &'static str| {
        let panic = catch_unwind(|| own_key(key)).err()?;
        Some(*panic.downcast::<&'static str>().expect("a text"))
    };
    assert_eq!(message("message"), Some("write the message as a string literal at the end"));
    for key in [
        "connect_type",
        "connection_method",
        "disconnect_cause",
        "disconnect_code",
        "disconnect_detail",
        "disconnect_expected",
        "disconnect_initiator",
        "disconnect_reason",
    ] {
        assert_eq!(message(key), Some("the disconnect event writes this key itself; use its slot"), "{key}");
    }
    for key in ["", "peer", "disconnect_reasons", "messages"] {
        assert_eq!(message(key), None);
    }
}
