//! `#[derive(DisconnectField)]` in three phases: parse, model, expand.

mod expand;
pub(crate) mod model;
mod parse;

use proc_macro2::TokenStream;

use crate::errors::Errors;
use crate::item::Item;

/// Expands the derive: to the generated code, or to all errors and placeholder impls.
pub(crate) fn derive(input: Item) -> TokenStream {
    let mut errors = Errors::default();
    let written = parse::parse(input, &mut errors);
    let stand_in = expand::StandIn::of(&written);
    let model = model::build(written, &mut errors);
    let mut tokens = errors.finish();
    tokens.extend(match model {
        Some(model) if tokens.is_empty() => expand::expand(&model),
        _ => stand_in.expand(),
    });
    tokens
}

#[cfg(test)]
mod tests {
    use super::derive;
    use crate::item::Item;
    use crate::unsafe_chars::replacement;

    /// Parses an item and expands the derive.
    fn derived(item: &str) -> String {
        let item = item.parse().ok().and_then(Item::parse);
        item.map(|item| derive(item).to_string()).unwrap_or_default()
    }

    /// Expands the derive for an enum with this verbatim value.
    fn with_value(value: &str) -> String {
        let field = "#[field(\"close_phase\", values = \"verbatim\")]";
        derived(&format!("{field} enum ClosePhase {{ #[value({value:?})] Draining }}"))
    }

    #[test]
    fn a_verbatim_value_may_hold_what_a_detail_may_hold() {
        // The first and last character of every range, and their neighbors.
        let is_unsafe = |c: &char| replacement(*c).is_some();
        let pairs = ('\0'..char::MAX).zip('\u{1}'..=char::MAX);
        let edges: Vec<char> = pairs.filter(|(a, b)| is_unsafe(a) != is_unsafe(b)).flat_map(|(a, b)| [a, b]).collect();
        assert!(edges.len() > 50);
        for c in edges {
            let refused = with_value(&format!("a{c}b")).contains("is not allowed in a logged value");
            assert_eq!(refused, is_unsafe(&c), "{}", c.escape_unicode());
        }
    }

    #[test]
    fn more_categories_than_the_table_can_tell_apart_are_refused() {
        let of = |count: usize| {
            let variants = (0..count).map(|i| format!("V{i}")).collect::<Vec<_>>().join(",");
            derived(&format!("#[field(\"close_phase\")] enum ClosePhase {{ {variants} }}"))
        };
        assert!(of(65_537).contains("a category enum has at most 65536 variants"));
        let most = of(65_536);
        assert!(!most.contains("compile_error") && most.contains("\"v65535\""));
    }
}
