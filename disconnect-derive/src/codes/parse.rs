//! Phase one: the syn tree becomes what was written, with its places and without judgement.
//!
//! Only what cannot be read at all is an error here.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Ident, LitInt, LitStr, Meta, Path, Token};

use crate::errors::Errors;
use crate::evidence::parse::{Form, Reason, reason};
use crate::suggest;

/// A set of codes as its author wrote it.
pub(crate) struct Written {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// `None` for what is no enum.
    pub(crate) variants: Result<Vec<Variant>, Span>,
    /// Every `#[codes(...)]`: one is right, none and several are mistakes.
    pub(crate) protocols: Vec<Codes>,
    /// `#[codes]` is there in a form that has an error of its own already, ours or the compiler's.
    pub(crate) protocol_reported: bool,
}

/// One `#[codes(protocol, crate = path)]`.
pub(crate) struct Codes {
    pub(crate) place: Span,
    pub(crate) protocol: Protocol,
    pub(crate) core: Option<TokenStream>,
}

/// A protocol of ours by its name, or one of the user's own.
pub(crate) enum Protocol {
    Known(Ident),
    Own(LitStr),
}

/// One variant.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) payload: Fields,
    /// Every `#[code(...)]`.
    pub(crate) codes: Vec<Code>,
    /// Every `#[goodbye(...)]` and `#[reason(...)]`.
    pub(crate) meanings: Vec<Meaning>,
    /// The same in a form that has an error of its own already, ours or the compiler's.
    pub(crate) code_reported: bool,
    pub(crate) meaning_reported: bool,
}

/// One `#[code(value, name = "...")]`.
pub(crate) struct Code {
    pub(crate) place: Span,
    pub(crate) value: Value,
    pub(crate) name: Option<LitStr>,
}

pub(crate) enum Value {
    /// With the place of the minus sign before it.
    Number(Option<Span>, LitInt),
    Text(LitStr),
}

pub(crate) enum Meaning {
    /// The kind stands where a reason's category does.
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
    category: "a reason is one of ours by its name, or one of your own by its path: `Leave::Kicked`",
    argument: "behind the reason stands `name = value`, as in `cause = Auth`",
};
const GOODBYE: Form = Form {
    whole: "write `#[goodbye(Closed)]`, `#[goodbye(GoingAway)]` or `#[goodbye(Cancelled)]`",
    order: "the kind of goodbye comes first, as in `#[goodbye(GoingAway, cause = Restart)]`",
    category: "a goodbye is `Closed`, `GoingAway` or `Cancelled`",
    argument: "behind the kind of goodbye stands `name = value`, as in `cause = Restart`",
};

pub(crate) fn parse(input: DeriveInput, errors: &mut Errors) -> Written {
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
            // One letter too few is more likely than the wrong place.
            Some(Helper::Code) => {
                errors.at(attr.path(), "`#[code]` belongs on a variant; the protocol of all is `#[codes(websocket)]`");
                protocol_reported = true;
            }
            Some(helper) => errors.at(attr.path(), format!("`#[{}]` belongs on a variant", helper.name())),
            None => protocol_reported |= is_near(attr, Helper::Codes),
        }
    }
    let variants = match input.data {
        Data::Enum(data) => Ok(data.variants.into_iter().map(|written| variant(written, errors)).collect()),
        Data::Struct(data) => Err(data.struct_token.span),
        Data::Union(data) => Err(data.union_token.span),
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

    fn of(attr: &Attribute) -> Option<Self> {
        Self::ALL.into_iter().find(|helper| attr.path().is_ident(helper.name()))
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

/// A misspelt attribute is the compiler's to report.
fn is_near(attr: &Attribute, helper: Helper) -> bool {
    let name = attr.path().get_ident().map(Ident::to_string).unwrap_or_default();
    suggest::one_edit_from(&name, [helper.name()]).is_some()
}

/// `#[codes(websocket)]` or `#[codes("discord", crate = path)]`.
fn codes(attr: &Attribute) -> syn::Result<Codes> {
    const FORM: &str = "write `#[codes(websocket)]`, with the protocol of these codes, or `#[codes(\"discord\")]` for one \
                        of your own";
    const ARGUMENT: &str = "behind the protocol, `crate = path` is known: the path of `disconnect_core`";
    let Meta::List(list) = &attr.meta else {
        return Err(syn::Error::new_spanned(&attr.meta, FORM));
    };
    let arguments = |input: ParseStream<'_>| {
        let place = if input.is_empty() { list.delimiter.span().join() } else { input.span() };
        let protocol = if input.peek(LitStr) {
            Protocol::Own(input.parse()?)
        } else {
            Protocol::Known(input.call(Ident::parse_any).map_err(|_| syn::Error::new(place, FORM))?)
        };
        let mut codes = Codes { place: attr.path().span(), protocol, core: None };
        if input.is_empty() {
            return Ok(codes);
        }
        input.parse::<Token![,]>()?;
        if !input.is_empty() {
            let place = input.span();
            let word = input.call(Ident::parse_any).is_ok_and(|word| word == "crate");
            if !word || input.parse::<Token![=]>().is_err() {
                return Err(syn::Error::new(place, ARGUMENT));
            }
            codes.core = Some(input.call(Path::parse_mod_style)?.into_token_stream());
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(codes)
    };
    arguments.parse2(list.tokens.clone())
}

fn variant(variant: syn::Variant, errors: &mut Errors) -> Variant {
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
            // One letter too many is more likely than the wrong place.
            Some(Helper::Codes) => {
                errors.at(attr.path(), "`#[codes]` belongs on the enum; the code of a variant is `#[code(4000)]`");
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
    written.meaning_reported |= meaning.is_none();
    written.meanings.extend(meaning);
}

/// `#[code(4004)]`, `#[code("text")]`, and either with `name = "..."`.
fn code(attr: &Attribute) -> syn::Result<Code> {
    const FORM: &str = "write `#[code(4000)]`, with the number or the text of the code";
    const NAME: &str = "behind the code, `name = \"...\"` is known: the name of the code";
    let Meta::List(list) = &attr.meta else {
        return Err(syn::Error::new_spanned(&attr.meta, FORM));
    };
    let arguments = |input: ParseStream<'_>| {
        let place = if input.is_empty() { list.delimiter.span().join() } else { input.span() };
        let value = if input.peek(LitStr) {
            Value::Text(input.parse()?)
        } else {
            let minus = input.parse::<Option<Token![-]>>()?;
            Value::Number(minus.map(|minus| minus.span), input.parse().map_err(|_| syn::Error::new(place, FORM))?)
        };
        let mut code = Code { place: attr.path().span(), value, name: None };
        if input.is_empty() {
            return Ok(code);
        }
        input.parse::<Token![,]>()?;
        if !input.is_empty() {
            let place = input.span();
            let word = input.call(Ident::parse_any).is_ok_and(|word| word == "name");
            if !word || input.parse::<Token![=]>().is_err() || !input.peek(LitStr) {
                return Err(syn::Error::new(place, NAME));
            }
            code.name = Some(input.parse()?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(code)
    };
    arguments.parse2(list.tokens.clone())
}
