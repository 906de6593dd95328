//! Laws of every derived enum: everything logged parses, and nothing else does.

use std::error::Error;

use disconnect_core::{
    Category, Code, ConnectionDirection, ConnectionMethod, Detail, Disconnect, DisconnectCause, DisconnectField,
    DisconnectInitiator, DisconnectReason, Endpoint, Expectation, Recorded, UnknownCategory,
};
use disconnect_renamed::PumpEnd;
use disconnect_tests::{AliasedCause, ClosePhase, ExitClass, LeaveReason, Only, ProxyError, Thousand, Twins};

/// The requirements of generic code.
trait Derived:
    DisconnectField + std::fmt::Display + std::str::FromStr<Err = UnknownCategory> + AsRef<str> + Send + Sync + 'static
{
}

impl<T> Derived for T where
    T: DisconnectField + std::fmt::Display + std::str::FromStr<Err = UnknownCategory> + AsRef<str> + Send + Sync
{
}

/// Calls a generic law for each enum.
macro_rules! for_every_enum {
    ($law:ident) => {
        for_every_enum!(
            $law: DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod, DisconnectCause,
            LeaveReason, ClosePhase, ProxyError, Only, ExitClass, AliasedCause, Twins, Thousand, PumpEnd
        )
    };
    ($law:ident: $($category:ty),*) => {
        $( $law::<$category>(); )*
    };
}

fn names<T: DisconnectField>() -> impl Iterator<Item = &'static str> {
    T::CATEGORIES.iter().flat_map(|category| std::iter::once(&category.value).chain(category.aliases)).copied()
}

#[test]
fn every_logged_value_parses() {
    fn law<T: Derived>() {
        for category in T::ALL {
            assert_eq!(T::parse(category.as_str()), Some(*category), "{}", T::FIELD);
            assert!(T::valid(category.as_str()));
            assert_eq!(category.as_str().parse(), Ok(*category));
            assert_eq!(Recorded::<T>::from(category.as_str()).known(), Some(*category));
        }
    }
    for_every_enum!(law);
}

#[test]
fn an_alias_parses_and_is_never_logged() {
    fn law<T: Derived>() {
        for category in T::ALL {
            for alias in category.category().aliases {
                assert_eq!(T::parse(alias), Some(*category), "{alias}");
                assert!(T::ALL.iter().all(|other| other.as_str() != *alias), "{alias}");
                assert_eq!(Recorded::<T>::from(*alias).as_str(), category.as_str());
            }
        }
    }
    for_every_enum!(law);
    let aliases: usize = AliasedCause::CATEGORIES.iter().map(|category| category.aliases.len()).sum();
    assert_eq!(aliases, 4, "the law was not checked");
}

#[test]
fn the_match_is_exact() {
    fn law<T: Derived>() {
        let known: Vec<&str> = names::<T>().collect();
        for name in &known {
            for stranger in strangers(name) {
                if !known.contains(&stranger.as_str()) {
                    assert_eq!(T::parse(&stranger), None, "{}: {stranger:?}", T::FIELD);
                }
            }
        }
    }
    for_every_enum!(law);
}

/// Texts that are similar to the name.
fn strangers(name: &str) -> Vec<String> {
    let mut strangers = vec![
        name.to_uppercase(),
        name.replace('_', "-"),
        name.replace('_', " "),
        name.replace('e', "\u{435}"),
        name.replace('o', "\u{3bf}"),
        name.replace('_', "\u{ff3f}"),
        name.repeat(2),
        name.chars().rev().collect(),
    ];
    for extra in [" ", "\0", "\n", "\t", "\u{feff}", "\u{200b}", "\u{a0}", "s", "_", "\"", "\u{301}"] {
        strangers.push(format!("{name}{extra}"));
        strangers.push(format!("{extra}{name}"));
    }
    for (at, _) in name.char_indices().skip(1) {
        strangers.push(name[..at].into());
        strangers.push(name[at..].into());
        strangers.push(format!("{}\0{}", &name[..at], &name[at..]));
    }
    strangers.extend(one_byte_off(name));
    strangers
}

/// Changes each ASCII byte in turn, including those that the hash of the lookup does not read.
fn one_byte_off(name: &str) -> impl Iterator<Item = String> + '_ {
    let ascii = name.char_indices().filter(|(_, c)| c.is_ascii());
    ascii.map(|(at, c)| format!("{}{}{}", &name[..at], if c == '~' { 'a' } else { '~' }, &name[at + 1..]))
}

#[test]
fn an_empty_or_huge_text_is_no_category_unless_declared() {
    fn law<T: Derived>() {
        assert_eq!(T::valid(""), names::<T>().any(str::is_empty), "{}", T::FIELD);
        for len in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 24, 25, 63, 64, 65, 4096] {
            for filler in ["z", "\0", "\u{ff}"] {
                let text: String = filler.repeat(len);
                assert!(!T::valid(&text), "{}: {len} times {filler:?}", T::FIELD);
            }
        }
    }
    for_every_enum!(law);
}

#[test]
fn positions_lists_and_rows_agree() {
    fn law<T: Derived>() {
        assert_eq!(T::ALL.len(), T::CATEGORIES.len());
        for (position, category) in T::ALL.iter().enumerate() {
            assert_eq!(category.index(), position);
            assert_eq!(category.category(), &T::CATEGORIES[position]);
            assert_eq!(category.as_str(), T::CATEGORIES[position].value);
            assert_eq!(category.as_ref(), category.as_str());
            assert_eq!(category.to_string(), category.as_str());
            assert_eq!(category.field(), (T::FIELD, category.as_str()));
        }
    }
    for_every_enum!(law);
    assert_eq!(Thousand::COUNT, Thousand::ALL.len());
    assert_eq!(ExitClass::COUNT, ExitClass::ALL.len());
}

#[test]
fn every_name_is_unique_in_its_set() {
    fn law<T: Derived>() {
        let mut seen: Vec<&str> = names::<T>().collect();
        seen.sort_unstable();
        let all = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), all, "{}", T::FIELD);
    }
    for_every_enum!(law);
}

#[test]
fn trait_and_inherent_functions_agree() {
    fn by_trait<T: Expectation>(category: T) -> (&'static str, bool, (&'static str, bool)) {
        (T::EXPECTED_FIELD, category.expected(), category.expected_field())
    }
    for phase in ClosePhase::ALL {
        assert_eq!(by_trait(*phase), (ClosePhase::EXPECTED_FIELD, phase.expected(), phase.expected_field()));
    }
    for error in ProxyError::ALL {
        assert_eq!(by_trait(*error), (ProxyError::EXPECTED_FIELD, error.expected(), error.expected_field()));
    }
    assert_eq!(ClosePhase::EXPECTED_FIELD, "close_phase_expected");
    assert_eq!(ProxyError::EXPECTED_FIELD, "proxy.fine");
}

#[test]
fn expected_flags_follow_the_attributes() {
    assert_eq!(LeaveReason::ALL.map_expected(), [false, true, false]);
    assert_eq!(ExitClass::ALL.map_expected(), [false, true, false, false]);
    assert!(Thousand::ALL.iter().all(|category| category.expected() == (category.index() % 7 == 0)));
    let expected_flag =
        |categories: &[Category]| categories.iter().map(|category| category.expected).collect::<Vec<_>>();
    assert_eq!(expected_flag(Only::CATEGORIES), [None]);
    assert_eq!(expected_flag(ClosePhase::CATEGORIES), [Some(true), Some(false)]);
}

/// The expected flags of a set, in declaration order.
trait MapExpected {
    fn map_expected(&self) -> Vec<bool>;
}

impl<T: Expectation> MapExpected for [T] {
    fn map_expected(&self) -> Vec<bool> {
        self.iter().map(|category| category.expected()).collect()
    }
}

#[test]
fn debug_texts_show_logged_values() {
    assert_eq!(format!("{:?}", Code::websocket(1001)), "Code(websocket.1001)");
    assert_eq!(format!("{:?}", Detail::from("a \"text\"")), r#""a \"text\"""#);
    assert_eq!(format!("[{:>9}]", DisconnectReason::Graceful.category()), "[ graceful]");
    assert_eq!(
        format!("{:?}", Endpoint::AGENT_FACING_SERVER),
        r#"Endpoint { local: "agent", peer: "server", direction: "server_to_agent", .. }"#
    );
}

#[test]
fn an_unknown_value_is_neither_valid_nor_expected() {
    for text in ["quota_exceeded", "GRACEFUL", "graceful\0", "\u{feff}graceful", "\u{1b}[31mred"] {
        let recorded = Recorded::<DisconnectReason>::from(text);
        assert!(!recorded.valid() && !recorded.expected(), "{text:?}");
        assert_eq!((recorded.known(), recorded.as_str()), (None, text));
        assert_eq!(Recorded::<DisconnectReason>::from(text.to_owned()), recorded);
        assert_eq!(text.parse(), Ok(recorded));
    }
    assert_eq!(Recorded::<LeaveReason>::from("\u{1b}[31m\nred").to_string(), "\u{fffd}[31m red");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("letter")]
enum OneLetter {
    A,
}

#[test]
fn the_error_names_the_set_and_the_nearest_value() {
    fn law<T: Derived>() {
        let error = "no such category".parse::<T>().unwrap_err();
        assert_eq!((error.field(), error.categories(), error.nearest()), (T::FIELD, T::CATEGORIES, None));
        let text = error.to_string();
        assert!(text.starts_with(&format!("unknown {}", T::FIELD)), "{text}");
        assert!(T::ALL.iter().all(|category| text.contains(&format!("`{category}`"))), "{text}");
        assert!(error.source().is_none());
    }
    for_every_enum!(law);

    let nearest = |text: &str| text.parse::<DisconnectReason>().unwrap_err().nearest();
    assert_eq!(nearest("gracefull"), Some("graceful"));
    assert_eq!(nearest("GRACEFUL"), None);
    assert_eq!(nearest("netwrok_error"), Some("network_error"));
    assert_eq!(nearest(&"graceful".repeat(600)), None);
    // A text of more than 64 bytes is not compared, not even with a value of one letter.
    let near_one = |text: &str| text.parse::<OneLetter>().unwrap_err().nearest();
    assert_eq!((near_one(""), near_one(&"b".repeat(64)), near_one(&"b".repeat(65))), (Some("a"), None, None));
    assert_eq!("quitt".parse::<LeaveReason>(), "qui".parse::<LeaveReason>());
    assert_ne!("quitt".parse::<LeaveReason>(), "pineapple".parse::<LeaveReason>());
    let hostile = "\u{1b}[31mquit".parse::<LeaveReason>().unwrap_err();
    assert!(!format!("{hostile:?} {hostile}").contains("31m"), "{hostile:?}");
    assert_eq!(
        "qit".parse::<LeaveReason>().unwrap_err().to_string(),
        "unknown disconnect_reason, did you mean `quit`?; expected one of `unknown`, `quit`, `afk_kick`"
    );
}

#[test]
fn display_supports_width_and_precision() {
    assert_eq!(format!("[{:>9}]", LeaveReason::Quit), "[     quit]");
    assert_eq!(format!("[{:-^10}]", LeaveReason::Quit), "[---quit---]");
    assert_eq!(format!("[{:.2}]", LeaveReason::Quit), "[qu]");
    assert_eq!(format!("[{:3}]", DisconnectInitiator::Unknown), "[   ]");
    assert_eq!(format!("[{:<6}]", Recorded::from(LeaveReason::Quit)), "[quit  ]");
}

const READ: Option<LeaveReason> = LeaveReason::parse("afk_kick");
const WRITTEN: &str = LeaveReason::Idle.as_str();
const EXPECTED_FIELD: (&str, bool) = LeaveReason::Quit.expected_field();
const KEY_AND_VALUE: (&str, &str) = Thousand::Category999.field();
static TABLE: [bool; LeaveReason::COUNT] = [false; LeaveReason::COUNT];

#[test]
fn the_inherent_functions_work_at_compile_time() {
    const { assert!(Thousand::valid("category999") && !Thousand::valid("category1000")) };
    const { assert!(LeaveReason::Idle.index() == 2 && LeaveReason::Quit.expected()) };
    const { assert!(LeaveReason::Quit.category().is_expected()) };
    const { assert!(Twins::parse("a").is_some() && Twins::parse("b").is_none()) };
    assert_eq!((READ, WRITTEN), (Some(LeaveReason::Idle), "afk_kick"));
    assert_eq!((EXPECTED_FIELD, KEY_AND_VALUE), (("disconnect_expected", true), ("thousand", "category999")));
    assert_eq!(TABLE.len(), 3);
}

#[test]
fn a_category_is_one_byte_and_a_record_at_most_104() {
    fn one_byte<T>() {
        assert_eq!((size_of::<T>(), size_of::<Option<T>>()), (1, 1), "{}", std::any::type_name::<T>());
    }
    for_every_enum!(
        one_byte: DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod, DisconnectCause
    );
    assert!(size_of::<Disconnect>() <= 104, "{}", size_of::<Disconnect>());
    assert!(size_of::<UnknownCategory>() <= 80, "{}", size_of::<UnknownCategory>());
}

#[test]
fn there_are_few_causes() {
    const { assert!(DisconnectCause::COUNT <= 26) };
}

#[test]
fn all_types_are_send_and_sync() {
    fn law<T: Send + Sync + 'static>() {}
    for_every_enum!(law);
    for_every_enum!(law: Disconnect, Detail, Code, Endpoint, UnknownCategory, Category, Recorded<DisconnectReason>);
}

#[cfg(feature = "serde")]
mod with_serde {
    use super::*;

    #[test]
    fn serde_writes_the_value_and_reads_strictly() {
        fn law<T: Derived + serde::Serialize + serde::de::DeserializeOwned>() {
            for category in T::ALL {
                let json = serde_json::to_string(category).unwrap();
                assert_eq!(json, serde_json::to_string(category.as_str()).unwrap());
                assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *category);
                // Also for owned text, and for input that is not text.
                assert_eq!(serde_json::from_value::<T>(json_string(category.as_str())).unwrap(), *category);
                for alias in category.category().aliases {
                    assert_eq!(serde_json::from_value::<T>(json_string(alias)).unwrap(), *category);
                }
            }
            for wrong in ["\"no such category\"", "7", "null", "{}", "[]", "true"] {
                assert!(serde_json::from_str::<T>(wrong).is_err(), "{wrong}");
            }
        }
        law::<DisconnectReason>();
        law::<DisconnectInitiator>();
        law::<ConnectionDirection>();
        law::<ConnectionMethod>();
        law::<DisconnectCause>();
        law::<LeaveReason>();
        law::<ProxyError>();
        law::<Twins>();
        law::<Thousand>();
    }

    #[test]
    fn the_serde_error_is_short_and_without_the_input() {
        let hostile = format!("\"{}\"", "evil".repeat(1000));
        let error = serde_json::from_str::<DisconnectReason>(&hostile).unwrap_err().to_string();
        assert!(error.starts_with("not a category of this set"), "{error}");
        let error = serde_json::from_str::<DisconnectReason>("7").unwrap_err().to_string();
        assert!(error.contains("expected a disconnect_reason value"), "{error}");
    }

    #[test]
    fn recorded_keeps_the_value() {
        for text in ["graceful", "quota_exceeded", " Graceful ", "\u{1b}[31m", "ü"] {
            let json = serde_json::to_string(text).unwrap();
            let read: Recorded<DisconnectReason> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.as_str(), text);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            assert_eq!(serde_json::from_value::<Recorded<DisconnectReason>>(json_string(text)).unwrap(), read);
        }
    }

    #[test]
    fn categories_work_in_users_types() {
        #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        struct Line {
            reason: DisconnectReason,
            before: Option<Recorded<LeaveReason>>,
        }
        let line = Line { reason: DisconnectReason::Graceful, before: Some(Recorded::from("rage_quit")) };
        let json = r#"{"reason":"graceful","before":"rage_quit"}"#;
        assert_eq!(serde_json::to_string(&line).unwrap(), json);
        assert_eq!(serde_json::from_str::<Line>(json).unwrap(), line);
    }

    fn json_string(text: &str) -> serde_json::Value {
        serde_json::Value::String(text.into())
    }
}
