//! `#[derive(DisconnectField)]`: what was written, the model it means, the code it becomes.

mod expand;
mod model;
mod parse;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

/// The whole derive: the generated code, or every mistake with stand-in impls beside them.
pub(crate) fn derive(input: DeriveInput) -> TokenStream {
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

    #[test]
    fn more_categories_than_the_table_can_tell_apart_are_refused() {
        let derived = |count: usize| {
            let variants = (0..count).map(|i| format!("V{i}")).collect::<Vec<_>>().join(",");
            let input = syn::parse_str(&format!("#[field(\"close_phase\")] enum ClosePhase {{ {variants} }}"));
            input.map(derive).map(|tokens| tokens.to_string()).unwrap_or_default()
        };
        assert!(derived(65_537).contains("a category enum has at most 65536 variants"));
        let most = derived(65_536);
        assert!(!most.contains("compile_error") && most.contains("\"v65535\""));
    }
}
