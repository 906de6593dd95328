//! Hygiene of the derive and the macro: names of the user do not change their meaning.

use disconnect_core::evidence::Rank;
use disconnect_core::{Disconnect, DisconnectCode, DisconnectField, DisconnectReason, Expectation, disconnected};
use disconnect_tests::Thousand;

/// A module that redefines the names of the prelude, and more.
mod shadowed {
    #![allow(dead_code, non_camel_case_types, unreachable_pub, unused_macros)]

    use ::disconnect_core::DisconnectField as Field;

    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Vec;
    pub struct Box;
    pub struct str;
    pub struct bool;
    pub struct usize;
    pub struct u64;
    pub struct Category;
    pub struct Lookup;
    pub trait DisconnectField {}
    pub trait Expectation {}
    pub trait Display {}
    pub trait Debug {}
    pub trait AsRef {}
    pub trait FromStr {}
    pub trait From {}
    pub trait Into {}
    pub trait Copy {}
    pub trait Fn {}
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod tracing {}
    pub mod serde {}
    pub mod serde_core {}
    pub mod disconnect_core {}
    pub mod slot {}
    pub mod emit {}
    pub mod __private {}
    pub mod __dc {}
    pub const LOOKUP: () = ();
    macro_rules! panic {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! matches {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! event {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! format_args {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! module_path {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! concat {
        () => {
            compile_error!("not this one")
        };
    }

    #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, PartialEq, Eq, Field)]
    #[field("disconnect_reason")]
    pub enum Reason {
        #[expected]
        #[alias("")]
        Fine,
        Some = 7,
        None,
        Ok,
    }

    ::disconnect_core::assert_categories!(Reason, ["fine", "some", "none", "ok"], expected: ["fine"]);

    pub struct Protocol;
    pub struct Verdict;
    pub struct Row;
    pub trait DisconnectCode {}
    pub const PROTOCOL: () = ();
    pub static ROWS: () = ();
    pub static ALL: () = ();

    #[derive(::core::clone::Clone, ::core::marker::Copy, ::disconnect_core::DisconnectCode)]
    #[codes("shadowed", crate = ::disconnect_core)]
    pub enum r#Code {
        #[code(1)]
        #[goodbye(Closed, cause = Limit)]
        Some,
        #[code("None")]
        #[reason(Reason::None, side = Receiver, rank = Violation)]
        r#None,
    }
}

#[test]
fn the_derive_does_not_use_the_users_names() {
    assert_eq!(shadowed::Reason::None.as_str(), "none");
    assert_eq!(shadowed::Reason::parse(""), Some(shadowed::Reason::Fine));
    assert_eq!("ok".parse(), Ok(shadowed::Reason::Ok));
    assert_eq!(Disconnect::new(shadowed::Reason::Fine).reason().as_str(), "fine");
    assert_eq!(shadowed::Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>(), ["some", "none"]);
    assert_eq!(shadowed::Code::None.sent().rank(), Rank::Violation);
}

/// As many redefined names as tracing's own macro tolerates.
mod shadowed_line {
    #![allow(dead_code, unreachable_pub, unused_macros)]

    use ::disconnect_core::{Disconnect as Record, DisconnectReason as Why, disconnected as line};

    pub struct Disconnect;
    pub struct Category;
    pub struct Level;
    pub trait DisconnectField {}
    pub trait GivenDetail {}
    pub trait OptionalGroup {}
    pub mod core {}
    pub mod std {}
    pub mod tracing {}
    pub mod disconnect_core {}
    pub mod emit {}
    macro_rules! event {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! format_args {
        () => {
            compile_error!("not this one")
        };
    }
    macro_rules! disconnected {
        () => {
            compile_error!("not this one")
        };
    }

    pub fn log(end: &str, extra0: u8) {
        let (record, level, message, value) = (Record::new(Why::Graceful), "own", "own", "own");
        line!(record, end, extra0, level, own = message, "the locals are the user's");
        line!(reason = Why::Graceful, end, extra0, level, own = message, "the locals are the user's");
        line!(level: DEBUG, reason = Why::Graceful, field(Why2 = Why2::One), extra0, end, "the locals are the user's");
        let extra1 = ::core::option::Option::Some(value);
        line!(record, group(extra1 => len = len(), end = is_empty()), value, extra0, "the locals are the user's");
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, ::disconnect_core::DisconnectField)]
    #[field("own_reason")]
    pub enum Why2 {
        One,
    }
}

#[test]
fn the_macro_does_not_use_the_users_names() {
    let seen = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_test_writer().finish();
    tracing::subscriber::with_default(seen, || shadowed_line::log("own", 7));
}

#[test]
fn an_enum_may_be_inside_a_function() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("inside")]
    enum Inside {
        First,
        #[expected]
        Second,
    }

    disconnected!(reason = DisconnectReason::Graceful, field(Inside = Inside::First), "ended");
    assert_eq!(Inside::Second.field(), ("inside", "second"));
    assert_eq!(Inside::Second.expected_field(), ("inside_expected", true));
}

#[test]
fn raw_identifiers_lose_their_prefix() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("raw")]
    #[allow(non_camel_case_types)]
    enum r#enum {
        r#type,
        r#Match,
    }

    assert_eq!(r#enum::r#type.as_str(), "type");
    assert_eq!(r#enum::parse("match"), Some(r#enum::r#Match));
    let r#fn = 7;
    disconnected!(reason = DisconnectReason::Graceful, field(r#enum = r#enum::r#type), r#fn, r#type = 1, "ended");
}

#[test]
fn cfg_removes_a_variant_from_the_set() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("configured")]
    enum Configured {
        #[cfg(not(test))]
        Never,
        First,
        #[cfg(not(test))]
        #[value("second")]
        Taken,
        #[cfg(test)]
        #[cfg_attr(test, expected)]
        Second,
    }

    assert_eq!(Configured::ALL, [Configured::First, Configured::Second]);
    assert_eq!((Configured::Second.index(), Configured::Second.expected()), (1, true));
}

#[test]
fn a_discriminant_is_not_a_position() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("errno")]
    #[repr(i32)]
    enum Errno {
        Last = -1,
        First = i32::MIN,
        Second,
    }

    assert_eq!(Errno::ALL.iter().map(|errno| errno.index()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(Errno::First.as_str(), "first");
    assert_eq!(Errno::Second as i32, i32::MIN + 1);
}

mod outer {
    pub(crate) mod inner {
        use disconnect_core::DisconnectField;

        #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
        #[field("seen_in_outer")]
        pub(in crate::outer) enum InPath {
            One,
        }

        #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
        #[field("seen_in_parent")]
        pub(super) enum InParent {
            One,
        }
    }

    pub(crate) fn keys() -> [&'static str; 2] {
        [inner::InPath::One.field().0, inner::InParent::FIELD]
    }
}

#[test]
fn generated_functions_are_as_visible_as_the_enum() {
    assert_eq!(outer::keys(), ["seen_in_outer", "seen_in_parent"]);
}

#[test]
fn a_macro_may_generate_the_enum() {
    macro_rules! categories {
        ($vis:vis $name:ident, $key:literal, $($variant:ident = $value:literal),*) => {
            #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
            #[field($key)]
            $vis enum $name {
                $(#[doc = concat!("Logged as ", $value)] #[value($value)] $variant),*
            }
        };
    }
    categories!(pub(crate) Written, "written", Quick = "quick_end", Slow = "slow_end");
    assert_eq!(Written::Slow.field(), ("written", "slow_end"));
}

#[test]
fn doc_comments_become_docs() {
    /// Not the documentation of a category.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("documented")]
    enum Documented {
        /// One line.
        One,
        /// Two
        ///   lines, "quoted" and indented.
        Two,
        #[doc = "An attribute."]
        Three,
        Four,
        /**
        A block.
        */
        Five,
    }

    let docs: Vec<&str> = Documented::CATEGORIES.iter().map(|category| category.docs).collect();
    assert_eq!(docs[..4], ["One line.", "Two\n  lines, \"quoted\" and indented.", "An attribute.", ""]);
    assert_eq!(docs[4], "A block.");
}

#[test]
fn a_reason_without_an_expected_category_still_has_an_expected_flag() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("disconnect_reason")]
    enum Gloomy {
        Broken,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("gloom", expected = "gloom_is_fine")]
    enum GloomyToo {
        Broken,
    }

    assert_eq!(Gloomy::Broken.expected_field(), ("disconnect_expected", false));
    assert_eq!(GloomyToo::Broken.expected_field(), ("gloom_is_fine", false));
    assert_eq!(<GloomyToo as Expectation>::EXPECTED_FIELD, "gloom_is_fine");
}

#[test]
fn a_thousand_categories_work() {
    assert_eq!(Thousand::COUNT, 1000);
    assert_eq!(Thousand::Category999.field(), ("thousand", "category999"));
    assert_eq!(Thousand::parse("category500"), Some(Thousand::Category500));
    assert!(Thousand::Category7.expected());
    disconnected!(reason = DisconnectReason::Graceful, field(Thousand = Thousand::Category1), "ended");
}

#[test]
fn a_renamed_core_without_std_works() {
    use disconnect_renamed::{PumpCode, PumpEnd};

    assert_eq!(PumpEnd::Drained.expected_field(), ("disconnect_expected", true));
    assert_eq!(PumpEnd::Jammed.field(), ("disconnect_reason", "jammed"));
    assert_eq!(Disconnect::new(PumpEnd::Jammed).reason().as_str(), "jammed");
    assert_eq!(PumpCode::Dry.code().to_string(), "pump.17");
    disconnect_renamed::log(PumpEnd::Drained);
}

#[test]
fn generated_code_has_no_warnings() {
    assert_eq!(disconnect_strict::values(), (["first", "only"], true));
    disconnect_strict::log(disconnect_strict::JobEnd::Done, 7);
}
