//! A path without generic arguments, such as `Leave::Kicked`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;

use crate::errors::Mistake;
use crate::split::{is_joint, punct, stream};

#[derive(Clone)]
pub(crate) struct Path {
    tokens: TokenStream,
    pub(crate) segments: Vec<Ident>,
    is_absolute: bool,
}

impl Path {
    /// `None` for anything else. Accepts a path from another macro, which is in a group: see
    /// [`at_commas`](crate::split::at_commas).
    pub(crate) fn of(tokens: TokenStream) -> Option<Self> {
        let all: Vec<TokenTree> = tokens.clone().into_iter().collect();
        if let [TokenTree::Group(group)] = &all[..] {
            let is_grouped = matches!(group.delimiter(), Delimiter::None | Delimiter::Parenthesis);
            return if is_grouped { Self::of(group.stream()) } else { None };
        }
        let mut rest = &all[..];
        let is_absolute = skip_colons(&mut rest);
        let mut segments = Vec::new();
        loop {
            match rest {
                [TokenTree::Ident(segment), after @ ..] if segment != "_" => {
                    segments.push(segment.clone());
                    rest = after;
                }
                _ => return None,
            }
            if rest.is_empty() {
                return Some(Self { tokens, segments, is_absolute });
            }
            if !skip_colons(&mut rest) {
                return None;
            }
        }
    }

    /// The identifier of a path with one segment.
    pub(crate) fn get_ident(&self) -> Option<&Ident> {
        match &self.segments[..] {
            [ident] if !self.is_absolute => Some(ident),
            _ => None,
        }
    }
}

impl ToTokens for Path {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// Reads `= path` after `crate`.
pub(crate) fn core_path(rest: &[TokenTree], name: &Ident) -> Result<TokenStream, Mistake> {
    let path = match rest {
        [equals, path @ ..] if punct(equals) == Some('=') => Path::of(stream(path)),
        _ => None,
    };
    path.map(Path::into_token_stream)
        .ok_or_else(|| Mistake::at(name, "write `crate = path`, with the path of `disconnect_core`"))
}

/// Skips `::`. Returns whether it was next.
fn skip_colons(rest: &mut &[TokenTree]) -> bool {
    match *rest {
        [first, second, after @ ..] if is_joint(first) && [first, second].iter().all(|c| punct(c) == Some(':')) => {
            *rest = after;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proc_macro2::{Delimiter, Group};
    use quote::ToTokens;

    use super::Path;

    #[test]
    fn only_a_path_without_generic_arguments_is_read() {
        let read = |text: &str| {
            let path = Path::of(text.parse().unwrap())?;
            Some((path.segments.len(), path.get_ident().map(ToString::to_string)))
        };
        assert_eq!(read("a"), Some((1, Some("a".to_owned()))));
        assert_eq!(read("r#type"), Some((1, Some("r#type".to_owned()))));
        for (text, segments) in [("::a", 1), ("a::b", 2), ("::a::b", 2), ("crate::a::B", 3), ("(a::b)", 2)] {
            assert_eq!(read(text), Some((segments, None)), "{text}");
        }
        let other =
            ["", "_", "a::_", "a::", "::", "a b", "a:b", "a: :b", "a+:b", "a:+b", "a::::b", "a::<b>", "[a]", "{a}"];
        for text in other.into_iter().chain(["1", "a.b", "a!", "a::1", "((a) b)"]) {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_of_another_macro_is_read() {
        let passed = Group::new(Delimiter::None, "a::b".parse().unwrap());
        assert_eq!(Path::of(passed.to_token_stream()).map(|path| path.segments.len()), Some(2));
    }
}
