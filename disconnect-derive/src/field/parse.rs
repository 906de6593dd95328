//! Phase one: reads attributes and variants with their places, without checking them.
//!
//! Only input that cannot be read is an error here.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::errors::{Errors, Mistake};
use crate::item::{Arguments, Attr, Data, Fields, Generics, Item, opened};
use crate::list::list;
use crate::literal::Text;
use crate::path::core_path;
use crate::split::{at_commas, punct};
use crate::suggest;

/// The type as written.
pub(crate) struct Written {
    pub(crate) vis: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) shape: Shape,
    /// Every `#[field(...)]`. Exactly one is valid.
    pub(crate) fields: Vec<FieldAttr>,
    /// Whether an error for a malformed or misspelt `#[field]` is already reported, here or by the compiler.
    pub(crate) field_reported: bool,
}

/// The kind of type that the derive is applied to.
pub(crate) enum Shape {
    Enum(Vec<Variant>),
    Struct(Span),
    Union(Span),
}

/// One `#[field("key", ...)]`.
pub(crate) struct FieldAttr {
    pub(crate) place: Span,
    pub(crate) key: Text,
    pub(crate) expected: Option<Text>,
    pub(crate) verbatim: bool,
    pub(crate) core: Option<TokenStream>,
}

/// One variant.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) payload: Fields,
    pub(crate) discriminant: bool,
    pub(crate) docs: String,
    pub(crate) expected: Vec<Span>,
    pub(crate) values: Vec<Text>,
    pub(crate) aliases: Vec<Text>,
}

pub(crate) fn parse(input: Item, errors: &mut Errors) -> Written {
    let mut fields = Vec::new();
    let mut field_reported = false;
    for attr in &input.attrs {
        match Helper::of(attr) {
            Some(Helper::Field) => match field_attr(attr, errors) {
                Ok(field) => fields.push(field),
                Err(error) => {
                    errors.push(error);
                    field_reported = true;
                }
            },
            Some(helper) => errors.at(&attr.name, format!("`#[{}]` belongs on a variant", helper.name())),
            None => field_reported |= is_near_field(attr),
        }
    }
    let shape = match input.data {
        Data::Enum(variants) => Shape::Enum(list(variants.into_iter().map(|v| variant(v, errors)))),
        Data::Struct(keyword, _) => Shape::Struct(keyword),
        Data::Union(keyword) => Shape::Union(keyword),
    };
    Written { vis: input.vis, ident: input.ident, generics: input.generics, shape, fields, field_reported }
}

/// The attributes that this derive reads.
#[derive(Clone, Copy)]
enum Helper {
    Field,
    Expected,
    Value,
    Alias,
}

impl Helper {
    const ALL: [Self; 4] = [Self::Field, Self::Expected, Self::Value, Self::Alias];

    fn of(attr: &Attr) -> Option<Self> {
        Self::ALL.iter().copied().find(|helper| attr.is(helper.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Expected => "expected",
            Self::Value => "value",
            Self::Alias => "alias",
        }
    }
}

fn is_near_field(attr: &Attr) -> bool {
    attr.name.as_ref().is_some_and(|name| suggest::one_edit_from(&name.to_string(), &["field"]).is_some())
}

fn field_attr(attr: &Attr, errors: &mut Errors) -> Result<FieldAttr, Mistake> {
    const FORM: &str = "write `#[field(\"key\")]`, the log key of this category";
    let list = attr.list().ok_or_else(|| Mistake::at(&attr.whole, FORM))?;
    let mut items = at_commas(opened(list.stream())).into_iter();
    let first = items.next().unwrap_or_default();
    let key = match first.first() {
        Some(TokenTree::Literal(literal)) => Text::of(literal),
        _ => None,
    };
    let key = key.ok_or_else(|| Mistake::at_span(first.first().map_or_else(|| list.span(), TokenTree::span), FORM))?;
    if let Some(behind) = first.get(1) {
        return Err(Mistake::at_span(behind.span(), "expected `,`"));
    }
    let mut field = FieldAttr { place: attr.place(), key, expected: None, verbatim: false, core: None };
    let mut seen = Vec::new();
    for item in items {
        field_argument(&item, &mut field, &mut seen, errors)?;
    }
    Ok(field)
}

fn field_argument(
    item: &[TokenTree],
    field: &mut FieldAttr,
    seen: &mut Vec<Ident>,
    errors: &mut Errors,
) -> Result<(), Mistake> {
    let [first, rest @ ..] = item else { return Ok(()) };
    let TokenTree::Ident(name) = first else {
        let message = format!("a category has one key; after it, only {KNOWN} are allowed");
        return Err(Mistake::at_span(first.span(), message));
    };
    if seen.contains(name) {
        errors.at(name, format!("`{name}` is given twice"));
    }
    match name.to_string().as_str() {
        "expected" => field.expected = Some(argument(rest, name, "write `expected = \"key\"`")?),
        "values" => {
            const MODE: &str = "the only mode is `values = \"verbatim\"`";
            let mode = argument(rest, name, MODE)?;
            if mode.value() != "verbatim" {
                errors.at(&mode, MODE);
            }
            field.verbatim = true;
        }
        "crate" => field.core = Some(core_path(rest, name)?),
        unknown => errors.at(name, unknown_argument(unknown)),
    }
    seen.push(name.clone());
    Ok(())
}

/// Reads `= "..."` after the name of an argument.
fn argument(rest: &[TokenTree], name: &Ident, form: &str) -> Result<Text, Mistake> {
    let text = match rest {
        [equals, value @ ..] if punct(equals) == Some('=') => match value {
            [TokenTree::Literal(literal)] => Text::of(literal).ok_or_else(|| literal.span()),
            [TokenTree::Literal(_), after, ..] => return Err(Mistake::at_span(after.span(), "expected `,`")),
            // Without a value, the name is the only place to report.
            value => Err(value.first().map_or_else(|| name.span(), TokenTree::span)),
        },
        _ => Err(name.span()),
    };
    text.map_err(|place| Mistake::at_span(place, form))
}

const KNOWN: &str = "`expected = \"key\"`, `values = \"verbatim\"` and `crate = path`";

fn unknown_argument(name: &str) -> String {
    match suggest::one_edit_from(name, &["expected", "values", "crate"]) {
        Some(near) => format!("unknown argument `{name}`; did you mean `{near}`?"),
        None => format!("unknown argument `{name}`; expected {KNOWN}"),
    }
}

fn variant(variant: crate::item::Variant, errors: &mut Errors) -> Variant {
    let mut written = Variant {
        ident: variant.ident,
        payload: variant.fields,
        discriminant: variant.has_discriminant,
        docs: docs(&variant.attrs),
        expected: Vec::new(),
        values: Vec::new(),
        aliases: Vec::new(),
    };
    for attr in &variant.attrs {
        match Helper::of(attr) {
            Some(Helper::Field) => errors.at(&attr.name, "`#[field]` belongs on the enum"),
            Some(Helper::Expected) => match &attr.arguments {
                Arguments::None => written.expected.push(attr.place()),
                Arguments::Group(_) | Arguments::Value(_) => errors.at(&attr.whole, "`#[expected]` takes no arguments"),
            },
            Some(Helper::Value) => one_string(attr, "value", &mut written.values, errors),
            Some(Helper::Alias) => one_string(attr, "alias", &mut written.aliases, errors),
            None => {}
        }
    }
    written
}

fn one_string(attr: &Attr, name: &str, into: &mut Vec<Text>, errors: &mut Errors) {
    match attr.text() {
        Some(text) => into.push(text),
        None => errors.at(&attr.whole, format!("write `#[{name}(\"...\")]`, with one string")),
    }
}

/// The doc comment as plain text. Removes one leading space of each line, as rustdoc does.
fn docs(attrs: &[Attr]) -> String {
    let mut docs = String::new();
    for attr in attrs.iter().filter(|attr| attr.is("doc")) {
        let Arguments::Value(value) = &attr.arguments else { continue };
        let Some(TokenTree::Literal(literal)) = value.clone().into_iter().next() else { continue };
        let Some(line) = Text::of(&literal) else { continue };
        docs.push_str(line.value().strip_prefix(' ').unwrap_or(line.value()));
        docs.push('\n');
    }
    docs.trim().to_owned()
}
