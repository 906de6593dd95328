//! Phase one: reads attributes and variants with their places, without checking them.
//!
//! Only input that cannot be read is an error here.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

use crate::errors::{Errors, Mistake};
use crate::evidence::parse::{Form, Reason, reason};
use crate::item::{self, Attr, Data, Fields, Generics, Item, opened};
use crate::list::list;
use crate::literal::{Number, Text};
use crate::path::core_path;
use crate::split::{at_commas, punct};
use crate::suggest;

/// The enum as written.
pub(crate) struct Written {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The variants, or the place of the `struct` or `union` keyword.
    pub(crate) variants: Result<Vec<Variant>, Span>,
    /// Every `#[codes(...)]`. Exactly one is valid.
    pub(crate) protocols: Vec<Codes>,
    /// Whether an error for a malformed or misspelt `#[codes]` is already reported, here or by the compiler.
    pub(crate) protocol_reported: bool,
}

/// One `#[codes(protocol, crate = path)]`.
pub(crate) struct Codes {
    pub(crate) place: Span,
    pub(crate) protocol: Protocol,
    pub(crate) core: Option<TokenStream>,
}

/// A built-in protocol by its name, or the name of the user's own.
pub(crate) enum Protocol {
    Known(Ident),
    Own(Text),
}

/// One variant.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) payload: Fields,
    /// Every `#[code(...)]`.
    pub(crate) codes: Vec<Code>,
    /// Every `#[goodbye(...)]` and `#[reason(...)]`.
    pub(crate) meanings: Vec<Meaning>,
    /// Whether an error for a malformed or misspelt `#[code]`, `#[goodbye]` or `#[reason]` is already reported, here or
    /// by the compiler.
    pub(crate) code_reported: bool,
    pub(crate) meaning_reported: bool,
}

/// One `#[code(value, name = "...")]`.
pub(crate) struct Code {
    pub(crate) place: Span,
    pub(crate) value: Value,
    pub(crate) name: Option<Text>,
}

pub(crate) enum Value {
    /// The number, and the place of a minus sign before it.
    Number(Option<Span>, Number),
    Text(Text),
}

pub(crate) enum Meaning {
    /// The kind of the goodbye is stored as the category of the reason.
    Goodbye(Reason),
    Reason(Reason),
}

impl Meaning {
    pub(crate) fn place(&self) -> Span {
        let (Self::Goodbye(written) | Self::Reason(written)) = self;
        written.place
    }
}

const REASON: Form = Form {
    whole: "write `#[reason(Unknown)]`, with the reason for which the sender ends the connection",
    order: "the reason comes first, as in `#[reason(ProtocolError, side = Receiver)]`",
    category: "write the name of a `DisconnectReason`, or the path of a reason of your own: `Leave::Kicked`",
    argument: "after the reason, write `name = value`, as in `cause = Auth`",
};
const GOODBYE: Form = Form {
    whole: "write `#[goodbye(Closed)]`, `#[goodbye(GoingAway)]` or `#[goodbye(Cancelled)]`",
    order: "the kind of goodbye comes first, as in `#[goodbye(GoingAway, cause = Restart)]`",
    category: "a goodbye is `Closed`, `GoingAway` or `Cancelled`",
    argument: "after the kind of goodbye, write `name = value`, as in `cause = Restart`",
};

pub(crate) fn parse(input: Item, errors: &mut Errors) -> Written {
    let mut protocols = Vec::new();
    let mut protocol_reported = false;
    for attr in &input.attrs {
        match Helper::of(attr) {
            Some(Helper::Codes) => match codes(attr) {
                Ok(codes) => protocols.push(codes),
                Err(error) => {
                    errors.push(error);
                    protocol_reported = true;
                }
            },
            // A missing letter is more likely than the wrong place.
            Some(Helper::Code) => {
                errors.at(&attr.name, "`#[code]` belongs on a variant; write the protocol as `#[codes(websocket)]`");
                protocol_reported = true;
            }
            Some(helper) => errors.at(&attr.name, format!("`#[{}]` belongs on a variant", helper.name())),
            None => protocol_reported |= is_near(attr, Helper::Codes),
        }
    }
    let variants = match input.data {
        Data::Enum(variants) => Ok(list(variants.into_iter().map(|written| variant(written, errors)))),
        Data::Struct(keyword, _) | Data::Union(keyword) => Err(keyword),
    };
    Written { ident: input.ident, generics: input.generics, variants, protocols, protocol_reported }
}

/// The attributes that this derive reads.
#[derive(Clone, Copy)]
enum Helper {
    Codes,
    Code,
    Goodbye,
    Reason,
}

impl Helper {
    const ALL: [Self; 4] = [Self::Codes, Self::Code, Self::Goodbye, Self::Reason];

    fn of(attr: &Attr) -> Option<Self> {
        Self::ALL.iter().copied().find(|helper| attr.is(helper.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Code => "code",
            Self::Goodbye => "goodbye",
            Self::Reason => "reason",
        }
    }
}

/// Whether the attribute is a misspelt helper, which the compiler reports.
fn is_near(attr: &Attr, helper: Helper) -> bool {
    let name = attr.name.as_ref().map(Ident::to_string).unwrap_or_default();
    suggest::one_edit_from(&name, &[helper.name()]).is_some()
}

/// `#[codes(websocket)]` or `#[codes("discord", crate = path)]`.
fn codes(attr: &Attr) -> Result<Codes, Mistake> {
    const FORM: &str = "write `#[codes(websocket)]`, with the protocol of these codes, or `#[codes(\"discord\")]` for one \
                        of your own";
    const ARGUMENT: &str = "after the protocol, only `crate = path` is allowed, with the path of `disconnect_core`";
    let (first, argument) = one_and_argument(attr, FORM)?;
    let protocol = match &first[..] {
        [TokenTree::Literal(text)] => Text::of(text).map(Protocol::Own),
        [TokenTree::Ident(name)] => Some(Protocol::Known(name.clone())),
        _ => None,
    };
    let protocol = protocol.ok_or_else(|| Mistake::at_span(place_of(&first, attr), FORM))?;
    let core = match &argument[..] {
        [] => None,
        [TokenTree::Ident(word), rest @ ..] if word == "crate" => {
            Some(core_path(rest, word).map_err(|_| Mistake::at_span(word.span(), ARGUMENT))?)
        }
        [wrong, ..] => return Err(Mistake::at_span(wrong.span(), ARGUMENT)),
    };
    Ok(Codes { place: attr.place(), protocol, core })
}

/// Reads the parentheses: the first item, and an optional second one.
fn one_and_argument(attr: &Attr, form: &str) -> Result<(Vec<TokenTree>, Vec<TokenTree>), Mistake> {
    let list = attr.list().ok_or_else(|| Mistake::at(&attr.whole, form))?;
    let mut items = at_commas(opened(list.stream())).into_iter();
    let (first, argument) = (items.next().unwrap_or_default(), items.next().unwrap_or_default());
    match items.next().as_ref().and_then(|item| item.first()) {
        Some(further) => Err(Mistake::at_span(further.span(), "unexpected token")),
        None => Ok((first, argument)),
    }
}

fn place_of(item: &[TokenTree], attr: &Attr) -> Span {
    let empty = || attr.list().map_or_else(|| attr.place(), Group::span);
    item.first().map_or_else(empty, TokenTree::span)
}

fn variant(variant: item::Variant, errors: &mut Errors) -> Variant {
    let mut written = Variant {
        ident: variant.ident,
        payload: variant.fields,
        codes: Vec::new(),
        meanings: Vec::new(),
        code_reported: false,
        meaning_reported: false,
    };
    for attr in &variant.attrs {
        match Helper::of(attr) {
            // An extra letter is more likely than the wrong place.
            Some(Helper::Codes) => {
                errors.at(&attr.name, "`#[codes]` belongs on the enum; write the code of a variant as `#[code(4000)]`");
                written.code_reported = true;
            }
            Some(Helper::Code) => match code(attr) {
                Ok(code) => written.codes.push(code),
                Err(error) => {
                    errors.push(error);
                    written.code_reported = true;
                }
            },
            Some(Helper::Goodbye) => add(reason(attr, &GOODBYE, errors).map(Meaning::Goodbye), &mut written),
            Some(Helper::Reason) => add(reason(attr, &REASON, errors).map(Meaning::Reason), &mut written),
            None => {
                written.code_reported |= is_near(attr, Helper::Code);
                written.meaning_reported |= is_near(attr, Helper::Goodbye) || is_near(attr, Helper::Reason);
            }
        }
    }
    written
}

fn add(meaning: Option<Meaning>, written: &mut Variant) {
    match meaning {
        Some(meaning) => written.meanings.push(meaning),
        None => written.meaning_reported = true,
    }
}

/// `#[code(4004)]`, `#[code("text")]`, and either with `name = "..."`.
fn code(attr: &Attr) -> Result<Code, Mistake> {
    const FORM: &str = "write `#[code(4000)]`, with the number or the text of the code";
    const NAME: &str = "after the code, only `name = \"...\"` is allowed, with the name of the code";
    let (first, argument) = one_and_argument(attr, FORM)?;
    let value = match &first[..] {
        [minus, TokenTree::Literal(number)] if punct(minus) == Some('-') => {
            Number::of(number).map(|number| Value::Number(Some(minus.span()), number))
        }
        [TokenTree::Literal(literal)] => {
            Text::of(literal).map(Value::Text).or_else(|| Some(Value::Number(None, Number::of(literal)?)))
        }
        _ => None,
    };
    let value = value.ok_or_else(|| Mistake::at_span(place_of(&first, attr), FORM))?;
    let name = match &argument[..] {
        [] => None,
        [TokenTree::Ident(word), equals, TokenTree::Literal(name)] if word == "name" && punct(equals) == Some('=') => {
            Some(Text::of(name).ok_or_else(|| Mistake::at_span(word.span(), NAME))?)
        }
        [wrong, ..] => return Err(Mistake::at_span(wrong.span(), NAME)),
    };
    Ok(Code { place: attr.place(), value, name })
}
