//! Splits the input at commas.
//!
//! Groups are single tokens, so only the commas of generic arguments need care, as in `map = Pair::<A, B>::new()`. A
//! `<` opens generic arguments only after `::`, after `as`, or at the start of an expression. Elsewhere it is a
//! comparison.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// Splits at top-level commas. For two adjacent commas, the item between them is the second comma.
pub(crate) fn at_commas(tokens: Vec<TokenTree>) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let mut current = Vec::new();
    let mut depth = 0_usize;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match punct(&token) {
            Some(',') if depth == 0 => {
                if current.is_empty() {
                    // Kept as the place of the error.
                    current.push(token);
                }
                items.push(std::mem::take(&mut current));
                continue;
            }
            Some('<') if depth > 0 || opens_generics(&current) => depth += 1,
            // A left shift. Its second half must not open generic arguments.
            Some('<') if is_joint(&token) && tokens.peek().and_then(punct) == Some('<') => {
                current.push(token);
                if let Some(second) = tokens.next() {
                    current.push(second);
                }
                continue;
            }
            Some('>') if depth > 0 && !is_arrow(&current) => depth -= 1,
            _ => {}
        }
        let in_type = depth > 0 || is_cast(current.last());
        current.push(solid(token, in_type));
    }
    if !current.is_empty() {
        items.push(current);
    }
    items
}

/// These tokens as a stream.
// Not generic: `collect` is long, and the compiler would compile it once for each iterator type.
pub(crate) fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

/// The position of a single `=`, as in `name = value`, but not of `==` or `=>`.
pub(crate) fn lone_equals(tokens: &[TokenTree]) -> Option<usize> {
    let place = tokens.iter().position(|token| punct(token) == Some('='))?;
    let two = |i: usize| is_joint(&tokens[i]) && tokens.get(i + 1).and_then(punct).is_some_and(|c| "=>".contains(c));
    let part_of_operator = place > 0 && is_joint(&tokens[place - 1]);
    (!two(place) && !part_of_operator).then_some(place)
}

pub(crate) fn punct(token: &TokenTree) -> Option<char> {
    match token {
        TokenTree::Punct(punct) => Some(punct.as_char()),
        TokenTree::Group(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => None,
    }
}

pub(crate) fn is_joint(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint)
}

/// Whether a `<` after these tokens opens generic arguments.
fn opens_generics(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Punct(punct)) => !matches!(punct.as_char(), '>' | '?'),
        Some(TokenTree::Ident(_)) => in_cast(before),
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

fn is_cast(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(word)) if word == "as")
}

/// Whether the path at the end of these tokens follows `as`.
fn in_cast(before: &[TokenTree]) -> bool {
    let is_path = |token: &&TokenTree| matches!(token, TokenTree::Ident(_)) || punct(token) == Some(':');
    before.iter().rev().take_while(is_path).any(|token| is_cast(Some(token)))
}

/// Whether a `>` after these tokens completes `->` or `=>`.
fn is_arrow(before: &[TokenTree]) -> bool {
    before.last().is_some_and(|token| is_joint(token) && matches!(punct(token), Some('-' | '=')))
}

/// Makes the invisible group of a value from another macro visible, because the next macro may not keep the group
/// together. Several tokens get parentheses, unless they are a type, which needs none. A single token, such as the
/// message, is unwrapped.
fn solid(token: TokenTree, in_type: bool) -> TokenTree {
    let TokenTree::Group(group) = &token else { return token };
    if group.delimiter() != Delimiter::None {
        return token;
    }
    let mut inside = group.stream().into_iter();
    match (inside.next(), inside.next()) {
        (Some(only), None) => solid(only, in_type),
        (Some(_), Some(_)) if !in_type => {
            let mut parenthesised = Group::new(Delimiter::Parenthesis, group.stream());
            parenthesised.set_span(group.span());
            parenthesised.into()
        }
        _ => token,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

    use super::{at_commas, lone_equals, stream};

    fn tokens(text: &str) -> Vec<TokenTree> {
        text.parse::<TokenStream>().unwrap().into_iter().collect()
    }

    fn items(text: &str) -> Vec<String> {
        at_commas(tokens(text)).iter().map(|item| stream(item).to_string().replace(' ', "")).collect()
    }

    #[test]
    fn only_commas_between_items_split() {
        for (text, expected) in [
            ("", &[][..]),
            ("a", &["a"]),
            ("a, b", &["a", "b"]),
            ("a, b,", &["a", "b"]),
            ("a,, b", &["a", ",", "b"]),
            (", a", &[",", "a"]),
            ("f(a, b), [c, d]", &["f(a,b)", "[c,d]"]),
            ("x < y, z > w", &["x<y", "z>w"]),
            ("f() < y, 1 > w", &["f()<y", "1>w"]),
            ("x? < y, z > w", &["x?<y", "z>w"]),
            ("1 << 2, b", &["1<<2", "b"]),
            ("a < <Pair<A, B>>::C, d", &["a<<Pair<A,B>>::C", "d"]),
            ("a << b, c >> d, e", &["a<<b", "c>>d", "e"]),
            ("Pair::<A, B>::new(), c", &["Pair::<A,B>::new()", "c"]),
            ("Pair::<Pair<A, B>, C>::new(), d", &["Pair::<Pair<A,B>,C>::new()", "d"]),
            ("f::<fn(A) -> B, C>(), d", &["f::<fn(A)->B,C>()", "d"]),
            ("<A as B<C, D>>::E, f", &["<AasB<C,D>>::E", "f"]),
            ("x as Pair<A, B>, c", &["xasPair<A,B>", "c"]),
            ("x as a::Pair<A, B>, c", &["xasa::Pair<A,B>", "c"]),
            ("&<A as B<C, D>>::E, f", &["&<AasB<C,D>>::E", "f"]),
            ("|a| -> B { a }, c", &["|a|->B{a}", "c"]),
            ("a => b, c", &["a=>b", "c"]),
        ] {
            assert_eq!(items(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_single_equals_sign_gives_a_value() {
        for (text, expected) in [
            ("a = b", Some(1)),
            ("a.b = c == d", Some(3)),
            ("= a", Some(0)),
            ("a =", Some(1)),
            ("a == b", None),
            ("a => b", None),
            ("a <= b", None),
            ("a != b", None),
            ("a = = b", Some(1)),
            ("a += b", None),
            ("a", None),
        ] {
            assert_eq!(lone_equals(&tokens(text)), expected, "{text}");
        }
    }

    /// What `macro_rules!` passes on is in invisible groups.
    #[test]
    fn a_value_of_another_macro_stays_together() {
        let passed = |before: &str, value: &str| {
            let mut all = tokens(before);
            all.push(Group::new(Delimiter::None, value.parse().unwrap()).into());
            at_commas(all).iter().map(|item| stream(item).to_string().replace(' ', "")).collect::<Vec<_>>()
        };
        assert_eq!(passed("a = ", "b + c"), ["a=(b+c)"]);
        assert_eq!(passed("a < ", "b + c"), ["a<(b+c)"]);
        assert_eq!(passed("a = ", "\"text\""), ["a=\"text\""]);
        assert_eq!(passed("", "b, c"), ["(b,c)"]);
        assert_eq!(passed("a as ", "Vec<u8>"), ["aasVec<u8>"]);
        assert_eq!(passed("f::<", "Vec<u8>"), ["f::<Vec<u8>"]);
    }
}
