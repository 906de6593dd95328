//! Uses the values of a rejected call, so that rustc does not report their imports as unused.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::expand::borrowed;
use super::model::is_level;
use super::parse::{Item, Written};
use crate::path::Path;
use crate::split::{at_commas, punct, stream};

/// Statements that borrow each value and name each type. They follow the errors, where rustc does not report types that
/// it cannot infer.
pub(crate) fn uses(written: &Written) -> TokenStream {
    let mut uses = TokenStream::new();
    for (name, value) in written.options.iter().chain(&written.late_options) {
        if name != "level" {
            uses.extend(use_value(value));
        }
    }
    for item in &written.items {
        use_item(item, &mut uses);
    }
    uses
}

fn use_item(item: &Item, uses: &mut TokenStream) {
    match item {
        Item::Named { key, value } => {
            uses.extend(key.constant().map_or_else(TokenStream::new, |constant| use_value(&constant)));
            uses.extend(use_value(value));
        }
        Item::Shorthand { tokens, .. } | Item::Expression(tokens) => uses.extend(use_value(tokens)),
        Item::Category { ty, value, .. } => {
            uses.extend(use_type(ty));
            uses.extend(use_value(value));
        }
        Item::Group { value, fields, .. } => {
            // The other fields of a group name members of its value.
            for field in fields.iter().filter(|field| matches!(field, Item::Category { .. })) {
                use_item(field, uses);
            }
            uses.extend(use_value(value));
        }
        Item::Text(_) => {}
    }
}

/// Returns nothing for input that could cause a second error: a level, `field(...)`, `group(...)`, and anything else that
/// is not a plain expression.
fn use_value(value: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    if tokens.first().is_some_and(|sigil| matches!(punct(sigil), Some('%' | '?'))) {
        tokens.remove(0);
    }
    let is_level = matches!(tokens.last(), Some(TokenTree::Ident(word)) if is_level(word));
    let is_form = |word| ["field", "group"].iter().any(|form| word == form);
    let is_item = matches!(&tokens[..], [TokenTree::Ident(word), TokenTree::Group(_)] if is_form(word));
    if is_level || is_item || !is_plain(&tokens) {
        return TokenStream::new();
    }
    let value = borrowed(&stream(&tokens));
    quote!(let _ = #value;)
}

fn use_type(ty: &TokenStream) -> TokenStream {
    if Path::of(ty.clone()).is_none() {
        return TokenStream::new();
    }
    quote!(let _: #ty;)
}

/// Whether these tokens are certainly an expression of literals, paths, macros, parentheses, arrays, calls, fields,
/// references and arithmetic.
fn is_plain(tokens: &[TokenTree]) -> bool {
    match tokens {
        [sign, operand @ ..] if punct(sign).is_some_and(|c| "&*!-".contains(c)) => is_plain(operand),
        [TokenTree::Ident(word), operand @ ..] if word == "mut" => is_plain(operand),
        [TokenTree::Ident(_), bang, TokenTree::Group(_), rest @ ..] if punct(bang) == Some('!') => is_plain_end(rest),
        [TokenTree::Ident(word), rest @ ..] if word != "_" => is_plain_end(rest),
        [TokenTree::Literal(_), rest @ ..] => is_plain_end(rest),
        [TokenTree::Group(group), rest @ ..] => are_plain(group) && is_plain_end(rest),
        _ => false,
    }
}

/// Whether these tokens can follow an expression.
fn is_plain_end(tokens: &[TokenTree]) -> bool {
    match tokens {
        [] => true,
        [dot, TokenTree::Ident(_) | TokenTree::Literal(_), rest @ ..] if punct(dot) == Some('.') => is_plain_end(rest),
        [first, second, rest @ ..] if [first, second].iter().all(|c| punct(c) == Some(':')) => {
            matches!(rest.first(), Some(TokenTree::Ident(_))) && is_plain(rest)
        }
        [question, rest @ ..] if punct(question) == Some('?') => is_plain_end(rest),
        [operator, rest @ ..] if punct(operator).is_some_and(|c| "+-*/%".contains(c)) => is_plain(rest),
        [TokenTree::Group(group), rest @ ..] => are_plain(group) && is_plain_end(rest),
        _ => false,
    }
}

/// Whether the group is parentheses or an array with only plain expressions.
fn are_plain(group: &Group) -> bool {
    let items = at_commas(group.stream().into_iter().collect());
    group.delimiter() != Delimiter::Brace && items.iter().all(|item| is_plain(item))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proc_macro2::{TokenStream, TokenTree};

    use super::{is_plain, uses};
    use crate::errors::Errors;
    use crate::event::parse::parse;

    fn plain(text: &str) -> bool {
        let tokens: Vec<TokenTree> = text.parse::<TokenStream>().unwrap().into_iter().collect();
        is_plain(&tokens)
    }

    #[test]
    fn only_plain_expressions_are_used() {
        let values =
            ["1", "\"text\"", "a", "a::b::C", "(a)", "[a, 1]", "f(a)", "f(a, 1)(b)", "a.b.0", "a?.b", "a.f(b)?"];
        let operators = ["&a", "&mut a", "*a", "!a", "-1", "a + b - c * d / e % f", "(a, -b)", "format!(\"{a}\")"];
        for text in values.into_iter().chain(operators).chain(["vec![a].len()", "Leave::Kicked", "a::f(b)[0]"]) {
            assert!(plain(text), "{text}");
        }
        let open = ["", "_", "a +", "a::", "a.", "&", "a b", "1 2", "a::1", "a + _", "f(_)", "[_]", "(a b)", "a?b"];
        let others =
            ["|a| b", "a { b: c }", "{ a }", "a::<B>()", "a < b", "a == b", "a as B", "a..b", "a: b", "a::{b}"];
        for text in open.into_iter().chain(others).chain(["mut", "a!", "format!", "f(a){b}", "a = b", "a.+b"]) {
            assert!(!plain(text), "{text}");
        }
    }

    #[test]
    fn each_value_of_a_refused_call_is_used_once() {
        let statements = |call: &str| {
            let call = format!("disconnect_core; {call}").parse().unwrap();
            uses(&parse(call, &mut Errors::default())).to_string().replace(' ', "")
        };
        for (call, expected) in [
            ("", ""),
            ("\"text\"", ""),
            ("end, \"text\"", "let_=&(end);"),
            ("reason = A::B, peer, %user, ?state, \"text\"", "let_=&(A::B);let_=&(peer);let_=&(user);let_=&(state);"),
            ("\"key\" = value, { KEY } = %other, \"\"", "let_=&(value);let_=&(KEY);let_=&(other);"),
            ("field(Phase = phase), \"\"", "let_:Phase;let_=&(phase);"),
            ("field(Vec<u8> = phase), \"\"", "let_=&(phase);"),
            ("group(user => name, field(Role = role)), \"\"", "let_:Role;let_=&(role);let_=&(user);"),
            ("level: DEBUG, target: TARGET, parent: span.id(), end", "let_=&(TARGET);let_=&(span.id());let_=&(end);"),
            ("end, target: TARGET", "let_=&(end);let_=&(TARGET);"),
            // These could cause a second error.
            ("a = WARN, b = field(A = b), c = group(d), d = |e| e, f = _", ""),
            ("a = field, b = field(c).d", "let_=&(field);let_=&(field(c).d);"),
            ("a = f(b), g(c)", "let_=&(f(b));let_=&(g(c));"),
        ] {
            let sorted = |text: &str| {
                let mut uses: Vec<_> = text.split_inclusive(';').map(str::to_owned).collect();
                uses.sort();
                uses
            };
            assert_eq!(sorted(&statements(call)), sorted(expected), "{call}");
        }
    }
}
