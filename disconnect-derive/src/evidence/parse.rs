//! Phase one: reads attributes, variants and fields with their places, without checking them.
//!
//! Only input that cannot be read is an error here.

use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::errors::Errors;
use crate::item::{self, Arguments, Attr, Data, Fields, Generics, Item, opened};
use crate::list::list;
use crate::path::Path;
use crate::split::{at_commas, lone_equals, punct, stream};
use crate::suggest;

/// The type as written.
pub(crate) struct Written {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// Every `#[evidence(crate = path)]`. At most one is valid.
    pub(crate) cores: Vec<(Span, Path)>,
    pub(crate) shape: Shape,
}

/// The kind of type that the derive is applied to.
pub(crate) enum Shape {
    /// An enum, with the attributes that are the default of its variants.
    Enum(Stated, Vec<Case>),
    Struct(Case),
    Union(Span),
}

/// One variant, or a struct.
pub(crate) struct Case {
    pub(crate) ident: Ident,
    pub(crate) fields: Vec<Field>,
    pub(crate) stated: Stated,
}

/// The attributes that define a verdict.
#[derive(Default)]
pub(crate) struct Stated {
    /// Every `#[reason(...)]`.
    pub(crate) reasons: Vec<Reason>,
    /// Every `#[transparent]`.
    pub(crate) transparents: Vec<Span>,
    /// Whether an error for a malformed or misspelt attribute is already reported, here or by the compiler.
    pub(crate) reported: bool,
}

impl Stated {
    /// Whether there is no such attribute, not even a misspelt one.
    pub(crate) fn is_absent(&self) -> bool {
        self.reasons.is_empty() && self.transparents.is_empty() && !self.reported
    }
}

/// One field of a variant or struct.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: TokenStream,
    /// The first `#[source]` or `#[from]`.
    pub(crate) mark: Option<Span>,
}

/// The name or position of a field in a pattern.
#[derive(Clone, PartialEq)]
pub(crate) enum Member {
    Named(Ident),
    Numbered(u32),
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Named(ident) => ident.to_tokens(tokens),
            Self::Numbered(index) => Literal::u32_unsuffixed(*index).to_tokens(tokens),
        }
    }
}

/// One `#[reason(category, name = value, ...)]`.
pub(crate) struct Reason {
    pub(crate) place: Span,
    pub(crate) category: Path,
    pub(crate) arguments: Vec<Argument>,
}

/// One `name = value`.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) value: TokenStream,
}

pub(crate) fn parse(input: Item, errors: &mut Errors) -> Written {
    let cores = cores(&input.attrs, errors);
    let shape = match input.data {
        Data::Struct(_, fields) => Shape::Struct(case(input.ident.clone(), &input.attrs, fields, errors)),
        Data::Enum(variants) => {
            let default = stated(&input.attrs, errors);
            Shape::Enum(default, list(variants.into_iter().map(|variant| variant_case(variant, errors))))
        }
        Data::Union(keyword) => Shape::Union(keyword),
    };
    misplaced(&input.attrs, &[Helper::Source, Helper::From], "a field", errors);
    Written { ident: input.ident, generics: input.generics, cores, shape }
}

/// The attributes that this derive reads. thiserror also reads `#[source]` and `#[from]`.
#[derive(Clone, Copy)]
enum Helper {
    Evidence,
    Reason,
    Transparent,
    Source,
    From,
}

impl Helper {
    fn is(self, attr: &Attr) -> bool {
        attr.is(self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Reason => "reason",
            Self::Transparent => "transparent",
            Self::Source => "source",
            Self::From => "from",
        }
    }
}

/// Reports attributes in the wrong place.
fn misplaced(attrs: &[Attr], helpers: &[Helper], home: &str, errors: &mut Errors) {
    for attr in attrs {
        if let Some(helper) = helpers.iter().find(|helper| helper.is(attr)) {
            errors.at(&attr.name, format!("`#[{}]` belongs on {home}", helper.name()));
        }
    }
}

/// Every path of the core crate, with the place of its attribute.
fn cores(attrs: &[Attr], errors: &mut Errors) -> Vec<(Span, Path)> {
    let mut cores = Vec::new();
    for attr in attrs.iter().filter(|attr| Helper::Evidence.is(attr)) {
        let inside = attr.list().map(|list| opened(list.stream())).unwrap_or_default();
        let path = match &inside[..] {
            [TokenTree::Ident(word), equals, path @ ..] if word == "crate" && punct(equals) == Some('=') => {
                let end = path.len() - usize::from(path.last().and_then(punct) == Some(','));
                Path::of(stream(&path[..end]))
            }
            _ => None,
        };
        match path {
            Some(path) => cores.push((attr.place(), path)),
            None => errors.at(&attr.whole, "write `#[evidence(crate = path)]`, with the path of `disconnect_core`"),
        }
    }
    cores
}

fn variant_case(variant: item::Variant, errors: &mut Errors) -> Case {
    misplaced(&variant.attrs, &[Helper::Evidence], "the type", errors);
    misplaced(&variant.attrs, &[Helper::Source, Helper::From], "a field", errors);
    case(variant.ident, &variant.attrs, variant.fields, errors)
}

fn case(ident: Ident, attrs: &[Attr], fields: Fields, errors: &mut Errors) -> Case {
    let fields = list((0..).zip(fields.into_fields()).map(|(index, written)| field(index, written, errors)));
    Case { ident, fields, stated: stated(attrs, errors) }
}

fn stated(attrs: &[Attr], errors: &mut Errors) -> Stated {
    let mut stated = Stated::default();
    for attr in attrs {
        if Helper::Reason.is(attr) {
            match reason(attr, &REASON, errors) {
                Some(reason) => stated.reasons.push(reason),
                None => stated.reported = true,
            }
        } else if Helper::Transparent.is(attr) {
            if let Arguments::None = &attr.arguments {
                stated.transparents.push(attr.place());
            } else {
                errors.at(&attr.whole, "`#[transparent]` takes no arguments");
                stated.reported = true;
            }
        } else {
            stated.reported |= is_near_verdict(attr);
        }
    }
    stated
}

/// Whether the attribute is misspelt, which the compiler reports.
fn is_near_verdict(attr: &Attr) -> bool {
    let verdicts = [Helper::Reason, Helper::Transparent].map(Helper::name);
    attr.name.as_ref().is_some_and(|name| suggest::one_edit_from(&name.to_string(), &verdicts).is_some())
}

fn field(index: u32, field: item::Field, errors: &mut Errors) -> Field {
    misplaced(&field.attrs, &[Helper::Evidence], "the type", errors);
    misplaced(&field.attrs, &[Helper::Reason, Helper::Transparent], "the variant or struct", errors);
    let mark = field.attrs.iter().find(|attr| Helper::Source.is(attr) || Helper::From.is(attr));
    Field {
        mark: mark.map(Attr::place),
        member: match field.ident {
            Some(ident) => Member::Named(ident),
            None => Member::Numbered(index),
        },
        ty: field.ty,
    }
}

/// The error messages for one attribute.
pub(crate) struct Form {
    /// The attribute cannot be read.
    pub(crate) whole: &'static str,
    /// An argument comes first.
    pub(crate) order: &'static str,
    /// The first item is not a path.
    pub(crate) category: &'static str,
    /// A further item is not an argument.
    pub(crate) argument: &'static str,
}

const REASON: Form = Form {
    whole: "write `#[reason(NetworkError)]`, with the reason of the end",
    order: "the reason comes first, as in `#[reason(NetworkError, side = Remote)]`",
    category: "write the name of a `DisconnectReason`, or the path of a reason of your own: `Leave::Kicked`",
    argument: "after the reason, write `name = value`, as in `side = Remote`",
};

/// Reads `#[reason(category, name = value, ...)]`. Reports a category that cannot be read.
pub(crate) fn reason(attr: &Attr, form: &Form, errors: &mut Errors) -> Option<Reason> {
    let items = attr.list().map(|list| at_commas(list.stream().into_iter().collect()));
    let mut items = items.unwrap_or_default().into_iter();
    let Some(category) = items.next() else {
        errors.at(&attr.whole, form.whole);
        return None;
    };
    let arguments = list(items.filter_map(|item| argument(&item, form, errors)));
    if let Some(name) = argument_name(&category) {
        errors.at(&name, form.order);
        return None;
    }
    let tokens: TokenStream = stream(&category);
    let category = Path::of(tokens.clone());
    if category.is_none() {
        errors.at(&tokens, form.category);
    }
    Some(Reason { place: attr.place(), category: category?, arguments })
}

fn argument(item: &[TokenTree], form: &Form, errors: &mut Errors) -> Option<Argument> {
    let first = item.first()?;
    let name = argument_name(item);
    if punct(first) == Some(',') {
        errors.at(first, "two commas with nothing between them");
    } else if name.is_none() {
        errors.at(first, form.argument);
    }
    Some(Argument { name: name?, value: stream(&item[2..]) })
}

/// The name before a single `=`.
fn argument_name(item: &[TokenTree]) -> Option<Ident> {
    match item {
        [TokenTree::Ident(name), ..] if lone_equals(item) == Some(1) => Some(name.clone()),
        _ => None,
    }
}
