//! The parsers behind the derives and `disconnected!` on any tokens: they give code or a compile error, and never panic.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{DeriveInput, Lit};

use crate::input::Input;
use crate::item::{Data, Fields, Item};
use crate::literal::{Number, Text};

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let which = input.below(4);
    let tokens = if input.flag() {
        // syn and rustc recurse into nested groups, rustc up to a limit of its own.
        // As the compiler reads a file.
        let text = String::from_utf8_lossy(input.rest()).replace("\r\n", "\n");
        let depth = text.chars().scan(0_usize, |depth, c| {
            *depth =
                if "([{<".contains(c) { *depth + 1 } else { depth.saturating_sub(usize::from(")]}>".contains(c))) };
            Some(*depth)
        });
        if depth.max() > Some(64) || text.matches(['&', '!', '-', '*', '|']).count() > 256 {
            return;
        }
        text.parse().ok()
    } else if which == 0 {
        Some(soup(&mut input, 0))
    } else {
        Some(item(&mut input))
    };
    let Some(tokens) = tokens else { return };
    literals_are_read_as_by_syn(&tokens);
    let expanded = if which == 0 {
        crate::event::expand(tokens)
    } else {
        // The compiler hands over no other items.
        let Ok(by_syn) = syn::parse2::<DeriveInput>(tokens.clone()) else { return drop(Item::parse(tokens)) };
        let item = Item::parse(tokens).expect("an item");
        item_is_read_as_by_syn(&item, &by_syn);
        match which {
            1 => crate::field::derive(item),
            2 => crate::evidence::derive(item),
            _ => crate::codes::derive(item),
        }
    };
    assert!(!expanded.is_empty(), "neither code nor an error");
    let shown = expanded.to_string();
    assert!(shown.parse::<TokenStream>().is_ok(), "what it expands to is not Rust: {shown}");
}

fn item_is_read_as_by_syn(item: &Item, by_syn: &DeriveInput) {
    assert_eq!((&item.ident, item.attrs.len()), (&by_syn.ident, by_syn.attrs.len()));
    assert_eq!(item.generics.params.len(), by_syn.generics.params.len());
    match (&item.data, &by_syn.data) {
        (Data::Enum(variants), syn::Data::Enum(by_syn)) => {
            assert_eq!(variants.len(), by_syn.variants.len());
            for (variant, by_syn) in variants.iter().zip(&by_syn.variants) {
                assert_eq!((&variant.ident, variant.attrs.len()), (&by_syn.ident, by_syn.attrs.len()));
                assert_eq!(variant.has_discriminant, by_syn.discriminant.is_some());
                fields_are_read_as_by_syn(&variant.fields, &by_syn.fields);
            }
        }
        (Data::Struct(_, fields), syn::Data::Struct(by_syn)) => fields_are_read_as_by_syn(fields, &by_syn.fields),
        (Data::Union(_), syn::Data::Union(_)) => {}
        _ => panic!("another kind of item"),
    }
}

fn fields_are_read_as_by_syn(Fields(fields): &Fields, by_syn: &syn::Fields) {
    let fields = fields.as_ref().map_or(&[][..], |(_, fields)| fields);
    assert_eq!(fields.len(), by_syn.len());
    for (field, by_syn) in fields.iter().zip(by_syn) {
        assert_eq!((&field.ident, field.attrs.len()), (&by_syn.ident, by_syn.attrs.len()));
        // syn sets its own spaces.
        let without_spaces = |tokens: &TokenStream| tokens.to_string().replace(' ', "");
        assert_eq!(without_spaces(&field.ty), without_spaces(&by_syn.ty.to_token_stream()));
    }
}

fn literals_are_read_as_by_syn(tokens: &TokenStream) {
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => literals_are_read_as_by_syn(&group.stream()),
            TokenTree::Literal(literal) => {
                let text = Text::of(&literal).map(|text| text.value().to_owned());
                let number = Number::of(&literal).and_then(|number| number.value);
                match syn::parse2::<Lit>(TokenTree::Literal(literal).into()) {
                    Ok(Lit::Str(by_syn)) if by_syn.suffix().is_empty() => assert_eq!(text, Some(by_syn.value())),
                    Ok(Lit::Int(by_syn)) if is_of_integer(by_syn.suffix()) => {
                        assert_eq!((text, number), (None, by_syn.base10_digits().parse().ok()), "{by_syn}");
                    }
                    _ => assert_eq!((text, number), (None, None)),
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

fn is_of_integer(suffix: &str) -> bool {
    suffix.is_empty() || suffix.starts_with(['i', 'u'])
}

/// An enum or a struct with any attributes, since anything else is syn's to refuse.
fn item(input: &mut Input<'_>) -> TokenStream {
    let mut item = attributes(input);
    let is_enum = input.below(8) != 0;
    item.extend([word(if is_enum { "enum" } else { "struct" }), word(input.pick(&["Ending", "r#type", "Self_"]))]);
    item.extend(generics(input));
    let mut members = TokenStream::new();
    for number in 0..input.below(6) {
        members.extend(attributes(input));
        let name = input.pick(&["Closed", "GoneAway", "r#Self_", "Ünï", "X"]);
        if is_enum {
            members.extend([word(&format!("{name}{}", if input.below(8) == 0 { 0 } else { number }))]);
            members.extend(fields(input));
            members.extend(written(input.pick(&["", "", "", "= 1", "= 1 << 2", "= A::<1, 2>::B as isize"])));
        } else {
            members.extend(written(&format!("field{number}: Vec<A<B, C>>")));
        }
        members.extend([punct(',', Spacing::Alone)]);
    }
    item.extend([group(Delimiter::Brace, members)]);
    item
}

fn generics(input: &mut Input<'_>) -> TokenStream {
    written(input.pick(&["", "", "", "<'a, T: Fn(u8) -> u8 = A<B>>", "<const N: usize = 1,>", "<T: A<B<C>>> "]))
}

fn fields(input: &mut Input<'_>) -> TokenStream {
    const TYPES: [&str; 7] =
        ["Error", "u8", "Box<dyn Error + Send>", "Vec<A<B, C>>", "fn(u8, u8) -> u8", "[u8; 2]", "<A as B<C, D>>::E"];
    let delimiter = input.pick(&[Delimiter::None, Delimiter::None, Delimiter::Parenthesis, Delimiter::Brace]);
    let mut inside = TokenStream::new();
    for number in 0..input.below(3) {
        inside.extend(attributes(input));
        inside.extend(written(input.pick(&["", "", "pub", "pub(crate)"])));
        if delimiter == Delimiter::Brace {
            inside.extend(written(&format!("{}{number}:", input.pick(&["source", "field"]))));
        }
        inside.extend(written(input.pick(&TYPES)));
        inside.extend(written(","));
    }
    if delimiter == Delimiter::None { TokenStream::new() } else { group(delimiter, inside).into() }
}

fn attributes(input: &mut Input<'_>) -> TokenStream {
    const NAMES: [&str; 13] = [
        "field",
        "expected",
        "value",
        "alias",
        "evidence",
        "reason",
        "transparent",
        "source",
        "from",
        "codes",
        "code",
        "goodbye",
        "doc",
    ];
    let mut attributes = TokenStream::new();
    for _ in 0..input.below(3) {
        let mut inside = TokenStream::from(word(input.pick(&NAMES)));
        match input.below(4) {
            0 => {}
            1 => inside.extend([punct('=', Spacing::Alone), literal(input)]),
            _ => inside.extend([group(Delimiter::Parenthesis, soup(input, 1))]),
        }
        attributes.extend([punct('#', Spacing::Alone), group(Delimiter::Bracket, inside)]);
    }
    attributes
}

/// Any tokens, mostly those that the macros know.
fn soup(input: &mut Input<'_>, depth: usize) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let token = match input.below(10) {
            0 if depth == 0 => continue,
            0 => break,
            1 | 2 => punct(
                input.pick(&[',', '=', ':', '.', '<', '>', '%', '?', '-', '&', '#', '|', '\'']),
                input.pick(&[Spacing::Alone, Spacing::Joint]),
            ),
            3 | 4 => literal(input),
            5 if depth < 8 => {
                let kinds = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];
                group(input.pick(&kinds), soup(input, depth + 1))
            }
            6 => {
                // `name = value` and `key: value`.
                let sign = input.pick(&['=', ':']);
                tokens.extend([word(input.pick(&WORDS)), punct(sign, Spacing::Alone)]);
                continue;
            }
            _ => word(input.pick(&WORDS)),
        };
        tokens.extend([token]);
    }
    tokens
}

const WORDS: [&str; 40] = [
    "field",
    "group",
    "level",
    "target",
    "parent",
    "name",
    "reason",
    "initiator",
    "direction",
    "method",
    "cause",
    "code",
    "detail",
    "disconnect_reason",
    "disconnect_expected",
    "message",
    "WARN",
    "DEBUG",
    "Unknown",
    "NetworkError",
    "Graceful",
    "Closed",
    "side",
    "by",
    "rank",
    "Local",
    "Network",
    "Sender",
    "Timeout",
    "crate",
    "expected",
    "values",
    "as",
    "r#type",
    "Code",
    "websocket",
    "http2",
    "sqlstate",
    "_0",
    "x",
];

fn literal(input: &mut Input<'_>) -> TokenTree {
    let text = input.near(&["disconnect_reason", "close_phase", "verbatim", "closed", "57P01", "websocket", "{x}", ""]);
    TokenTree::Literal(match input.below(8) {
        0 => Literal::i64_suffixed(input.number()),
        1 => Literal::u64_unsuffixed(input.number().unsigned_abs()),
        2 => Literal::character(input.char()),
        3 => Literal::byte_string(text.as_bytes()),
        4 => Literal::f64_unsuffixed(4004.5),
        // Negative numbers are two tokens in source, and one where a macro made them.
        5 => Literal::i64_unsuffixed(input.number()),
        _ => Literal::string(&text),
    })
}

fn written(source: &str) -> TokenStream {
    source.parse().expect("tokens")
}

fn word(text: &str) -> TokenTree {
    let span = Span::call_site();
    TokenTree::Ident(text.strip_prefix("r#").map_or_else(|| Ident::new(text, span), |raw| Ident::new_raw(raw, span)))
}

fn punct(sign: char, spacing: Spacing) -> TokenTree {
    TokenTree::Punct(Punct::new(sign, spacing))
}

fn group(delimiter: Delimiter, inside: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(delimiter, inside))
}
