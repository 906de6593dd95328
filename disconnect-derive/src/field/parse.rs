//! Phase one: the syn tree becomes what was written, with its places and without judgement.
//!
//! Only what cannot be read at all is an error here.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Ident, LitStr, Meta, Path, Token, Visibility};

use crate::errors::Errors;
use crate::suggest;

/// A type as its author wrote it.
pub(crate) struct Written {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) shape: Shape,
    /// Every `#[field(...)]`: one is right, none and several are mistakes.
    pub(crate) fields: Vec<FieldAttr>,
    /// `#[field]` is there in a form that has an error of its own already, ours or the compiler's.
    pub(crate) field_reported: bool,
}

/// What the derive stands on.
pub(crate) enum Shape {
    Enum(Vec<Variant>),
    Struct(Span),
    Union(Span),
}

/// One `#[field("key", ...)]`.
pub(crate) struct FieldAttr {
    pub(crate) place: Span,
    pub(crate) key: LitStr,
    pub(crate) expected: Option<LitStr>,
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
    pub(crate) values: Vec<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
}

pub(crate) fn parse(input: DeriveInput, errors: &mut Errors) -> Written {
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
            Some(helper) => errors.at(attr.path(), format!("`#[{}]` belongs on a variant", helper.name())),
            None => field_reported |= is_near_field(attr),
        }
    }
    let shape = match input.data {
        Data::Enum(data) => Shape::Enum(data.variants.into_iter().map(|v| variant(v, errors)).collect()),
        Data::Struct(data) => Shape::Struct(data.struct_token.span),
        Data::Union(data) => Shape::Union(data.union_token.span),
    };
    Written { vis: input.vis, ident: input.ident, generics: input.generics, shape, fields, field_reported }
}

/// The attributes this derive owns.
#[derive(Clone, Copy)]
enum Helper {
    Field,
    Expected,
    Value,
    Alias,
}

impl Helper {
    const ALL: [Self; 4] = [Self::Field, Self::Expected, Self::Value, Self::Alias];

    fn of(attr: &Attribute) -> Option<Self> {
        Self::ALL.into_iter().find(|helper| attr.path().is_ident(helper.name()))
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

fn is_near_field(attr: &Attribute) -> bool {
    attr.path().get_ident().is_some_and(|name| suggest::one_edit_from(&name.to_string(), ["field"]).is_some())
}

fn field_attr(attr: &Attribute, errors: &mut Errors) -> syn::Result<FieldAttr> {
    const FORM: &str = "write `#[field(\"key\")]`, the log key of this category";
    let Meta::List(list) = &attr.meta else {
        return Err(syn::Error::new_spanned(&attr.meta, FORM));
    };
    let arguments = |input: ParseStream<'_>| {
        if !input.peek(LitStr) {
            let place = if input.is_empty() { list.delimiter.span().join() } else { input.span() };
            return Err(syn::Error::new(place, FORM));
        }
        let mut field =
            FieldAttr { place: attr.path().span(), key: input.parse()?, expected: None, verbatim: false, core: None };
        let mut seen = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                field_argument(input, &mut field, &mut seen, errors)?;
            }
        }
        Ok(field)
    };
    arguments.parse2(list.tokens.clone())
}

fn field_argument(
    input: ParseStream<'_>,
    field: &mut FieldAttr,
    seen: &mut Vec<Ident>,
    errors: &mut Errors,
) -> syn::Result<()> {
    let Ok(name) = input.call(Ident::parse_any) else {
        return Err(input.error(format!("a category has one key; behind it, {KNOWN} are known")));
    };
    if seen.contains(&name) {
        errors.at(&name, format!("`{name}` is given twice"));
    }
    match name.to_string().as_str() {
        "expected" => field.expected = Some(argument(input, &name, "write `expected = \"key\"`")?),
        "values" => {
            const MODE: &str = "the only mode is `values = \"verbatim\"`";
            let mode = argument(input, &name, MODE)?;
            if mode.value() != "verbatim" {
                errors.at(&mode, MODE);
            }
            field.verbatim = true;
        }
        "crate" => {
            input.parse::<Token![=]>()?;
            field.core = Some(input.call(Path::parse_mod_style)?.into_token_stream());
        }
        unknown => {
            errors.at(&name, unknown_argument(unknown));
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
        }
    }
    seen.push(name);
    Ok(())
}

/// `= "..."` behind the name of an argument.
fn argument(input: ParseStream<'_>, name: &Ident, form: &str) -> syn::Result<LitStr> {
    if input.parse::<Token![=]>().is_err() {
        return Err(syn::Error::new_spanned(name, form));
    }
    // At the end of the input there is nothing to point at but the name.
    let place = if input.is_empty() { name.span() } else { input.span() };
    input.parse().map_err(|_| syn::Error::new(place, form))
}

const KNOWN: &str = "`expected = \"key\"`, `values = \"verbatim\"` and `crate = path`";

fn unknown_argument(name: &str) -> String {
    match suggest::one_edit_from(name, ["expected", "values", "crate"]) {
        Some(near) => format!("unknown argument `{name}`; did you mean `{near}`?"),
        None => format!("unknown argument `{name}`; known are {KNOWN}"),
    }
}

fn variant(variant: syn::Variant, errors: &mut Errors) -> Variant {
    let mut written = Variant {
        ident: variant.ident,
        payload: variant.fields,
        discriminant: variant.discriminant.is_some(),
        docs: docs(&variant.attrs),
        expected: Vec::new(),
        values: Vec::new(),
        aliases: Vec::new(),
    };
    for attr in &variant.attrs {
        match Helper::of(attr) {
            Some(Helper::Field) => errors.at(attr.path(), "`#[field]` belongs on the enum"),
            Some(Helper::Expected) => match &attr.meta {
                Meta::Path(path) => written.expected.push(path.span()),
                meta => errors.at(meta, "`#[expected]` takes no arguments"),
            },
            Some(Helper::Value) => one_string(attr, "value", &mut written.values, errors),
            Some(Helper::Alias) => one_string(attr, "alias", &mut written.aliases, errors),
            None => {}
        }
    }
    written
}

fn one_string(attr: &Attribute, name: &str, into: &mut Vec<LitStr>, errors: &mut Errors) {
    match attr.parse_args::<LitStr>() {
        Ok(text) => into.push(text),
        Err(_) => errors.at(&attr.meta, format!("write `#[{name}(\"...\")]`, with one string")),
    }
}

/// The doc comment as plain text: one leading space of each line goes, as in rustdoc.
fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        Meta::NameValue(syn::MetaNameValue {
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }),
            ..
        }) => Some(text.value()),
        _ => None,
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').map_or(line.clone(), str::to_owned)).collect();
    lines.join("\n").trim().to_owned()
}
