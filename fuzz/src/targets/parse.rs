//! Reading categories back: only logged values and aliases parse, and nothing is lost.

use disconnect_core::{
    ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectField, DisconnectInitiator, DisconnectReason,
    Expectation, Recorded,
};
use serde::{Deserialize, Serialize};
use serde_json::{from_str, to_string};

use crate::input::{Input, is_clean};

/// Values and aliases at the limits of what the derive takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase", values = "verbatim")]
enum Odd {
    #[alias("")]
    #[alias("~")]
    #[expected]
    A,
    #[value("a b  c")]
    Spaces,
    #[value("ünï🚀")]
    #[alias("ÜNÏ🚀")]
    NotAscii,
    #[value("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    Longest,
    #[value("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    #[alias("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")]
    #[alias("aaaaaaaaaaaaaaaabaaaaaaaaaaaaaaaaaa")]
    Alike,
}

/// So many that names share buckets, and that the expected ones do not fit into a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
#[rustfmt::skip]
enum Large {
    V0, V1, V2, V3, V4, #[expected] V5, V6, V7, V8, V9,
    V10, V11, V12, V13, V14, V15, V16, V17, V18, V19,
    V20, V21, V22, V23, V24, V25, V26, V27, V28, V29,
    V30, V31, V32, V33, V34, V35, V36, V37, V38, V39,
    V40, V41, #[expected] V42, V43, V44, V45, V46, V47, V48, V49,
    V50, V51, V52, V53, V54, V55, V56, V57, V58, V59,
    V60, V61, V62, V63, V64, V65, V66, V67, V68, V69,
    V70, V71, V72, V73, V74, V75, V76, V77, V78, #[expected] V79,
    V80, V81, V82, V83, V84, V85, V86, V87, V88, V89,
    V90, V91, V92, V93, V94, V95, V96, V97, V98, V99,
    V100, V101, V102, V103, V104, V105, V106, V107, V108, V109,
    V110, V111, V112, V113, V114, V115, #[expected] V116, V117, V118, V119,
    V120, V121, V122, V123, V124, V125, V126, V127, V128, V129,
    V130, V131, V132, V133, V134, V135, V136, V137, V138, V139,
    V140, V141, V142, V143, V144, V145, V146, V147, V148, V149,
    V150, V151, V152, #[expected] V153, V154, V155, V156, V157, V158, V159,
    V160, V161, V162, V163, V164, V165, V166, V167, V168, V169,
    V170, V171, V172, V173, V174, V175, V176, V177, V178, V179,
    V180, V181, V182, V183, V184, V185, V186, V187, V188, V189,
    #[expected] V190, V191, V192, V193, V194, V195, V196, V197, V198, V199,
    V200, V201, V202, V203, V204, V205, V206, V207, V208, V209,
    V210, V211, V212, V213, V214, V215, V216, V217, V218, V219,
    V220, V221, V222, V223, V224, V225, V226, #[expected] V227, V228, V229,
    V230, V231, V232, V233, V234, V235, V236, V237, V238, V239,
    V240, V241, V242, V243, V244, V245, V246, V247, V248, V249,
    V250, V251, V252, V253, V254, V255, V256, V257, V258, V259,
    V260, V261, V262, V263, #[expected] V264, V265, V266, V267, V268, V269,
    V270, V271, V272, V273, V274, V275, V276, V277, V278, V279,
    V280, V281, V282, V283, V284, V285, V286, V287, V288, V289,
    V290, V291, V292, V293, V294, V295, V296, V297, V298, V299,
}

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    match input.below(7) {
        0 => drop(reads_what_was_logged::<DisconnectInitiator>(&text::<DisconnectInitiator>(input))),
        1 => drop(reads_what_was_logged::<ConnectionDirection>(&text::<ConnectionDirection>(input))),
        2 => drop(reads_what_was_logged::<ConnectionMethod>(&text::<ConnectionMethod>(input))),
        3 => drop(reads_what_was_logged::<DisconnectCause>(&text::<DisconnectCause>(input))),
        4 => expects_what_is_known::<Odd>(&text::<Odd>(input)),
        5 => expects_what_is_known::<Large>(&text::<Large>(input)),
        _ => expects_what_is_known::<DisconnectReason>(&text::<DisconnectReason>(input)),
    }
}

/// Any text, or one near a name of the set.
fn text<T: DisconnectField>(mut input: Input<'_>) -> String {
    let names: Vec<&str> =
        T::CATEGORIES.iter().flat_map(|row| [row.value].into_iter().chain(row.aliases.iter().copied())).collect();
    if input.flag() { input.near(&names) } else { String::from_utf8_lossy(input.rest()).into_owned() }
}

fn reads_what_was_logged<T>(text: &str) -> Recorded<T>
where
    T: DisconnectField + std::fmt::Display + std::str::FromStr<Err = disconnect_core::UnknownCategory>,
    T: for<'de> Deserialize<'de> + Serialize,
{
    let rows = T::CATEGORIES.iter().zip(T::ALL);
    let known = rows.filter(|(row, _)| row.value == text || row.aliases.contains(&text)).map(|(_, category)| *category);
    let known = known.collect::<Vec<_>>();
    assert!(known.len() < 2, "{text:?} names several categories");
    let known = known.first().copied();
    assert_eq!(T::parse(text), known, "{text:?}");
    assert_eq!(T::valid(text), known.is_some());
    match (text.parse::<T>(), known) {
        (Ok(parsed), Some(known)) => assert_eq!(parsed, known),
        (Err(error), None) => {
            assert!(error.nearest().is_none_or(|near| T::CATEGORIES.iter().any(|row| row.value == near)));
            assert!(is_clean(&error.to_string()));
        }
        (parsed, known) => panic!("{text:?} parses as {parsed:?} and not as {known:?}"),
    }
    let quoted = to_string(text).unwrap();
    assert_eq!(from_str::<T>(&quoted).ok(), known);

    let recorded = Recorded::<T>::from(text);
    assert_eq!((recorded.known(), recorded.valid()), (known, known.is_some()));
    assert_eq!(recorded.as_str(), known.map_or(text, |known| known.as_str()));
    assert_eq!(Recorded::<T>::from(text.to_owned()), recorded);
    assert_eq!(from_str::<Recorded<T>>(&quoted).unwrap(), recorded);
    assert_eq!(from_str::<Recorded<T>>(&to_string(&recorded).unwrap()).unwrap(), recorded);
    let shown = recorded.to_string();
    assert!(is_clean(&shown) && shown.len() <= 256, "{shown:?}");
    if let Some(known) = known {
        assert_eq!((T::parse(known.as_str()), known.to_string().as_str()), (Some(known), known.as_str()));
        assert_eq!(to_string(&known).unwrap(), to_string(known.as_str()).unwrap());
    }
    recorded
}

fn expects_what_is_known<T>(text: &str)
where
    T: Expectation + std::fmt::Display + std::str::FromStr<Err = disconnect_core::UnknownCategory>,
    T: for<'de> Deserialize<'de> + Serialize,
{
    let recorded = reads_what_was_logged::<T>(text);
    let row = T::parse(text).map(T::category);
    assert_eq!(recorded.expected(), row.is_some_and(|row| row.expected == Some(true)), "{text:?}");
}
