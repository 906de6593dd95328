//! Phase two: checks the input and builds a model, which is always valid.
//!
//! All semantic errors are reported here, each at the smallest wrong token and with what to write instead. The compiler
//! checks whether a cause or rank exists, because it knows the names and suggests similar ones.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};

use super::parse::{Argument, Case, Field, Member, Reason, Shape, Stated, Written};
use crate::errors::Errors;
use crate::item::{Generics, at_type_commas, opened};
use crate::list::list;
use crate::path::Path;
use crate::split::{punct, stream};
use crate::{spelling, suggest};

/// A type whose values each have a verdict, as far as the input is valid.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) core: Option<Path>,
    pub(crate) arms: Vec<Arm>,
    /// Whether a variant has an error and therefore no arm.
    pub(crate) partial: bool,
}

/// The verdict of one variant, or of a struct.
pub(crate) struct Arm {
    /// The variant, or `None` for a struct.
    pub(crate) variant: Option<Ident>,
    pub(crate) reading: Reading,
}

/// The origin of a verdict.
pub(crate) enum Reading {
    /// The attribute alone, whatever the inner error says.
    Settled(Verdict),
    /// The inner error alone.
    Inside(Source),
    /// The stronger of the two.
    Either(Verdict, Source),
}

/// A valid `#[reason(...)]`.
pub(crate) struct Verdict {
    pub(crate) reason: Name,
    /// The name of a variant of the core's `Side`.
    pub(crate) side: Option<Ident>,
    pub(crate) by: Option<Name>,
    pub(crate) cause: Option<Cause>,
    pub(crate) code: Option<Expression>,
    pub(crate) rank: Option<Name>,
}

/// What exactly happened.
pub(crate) enum Cause {
    Name(Name),
    /// An expression over the fields.
    Expression(Expression),
}

/// A name of the core's own, or a path.
pub(crate) enum Name {
    Ours(Ident),
    Path(TokenStream),
}

/// An expression, and the fields that it mentions, each with the name it uses.
pub(crate) struct Expression {
    pub(crate) tokens: TokenStream,
    pub(crate) fields: Vec<(Member, Ident)>,
}

/// The field with the inner error.
pub(crate) struct Source {
    pub(crate) member: Member,
    /// The type of the error, without a surrounding `Option`.
    pub(crate) ty: TokenStream,
    pub(crate) optional: bool,
}

/// Builds the model. Returns `None` if the input is too broken; `errors` then holds the errors.
pub(crate) fn build(written: Written, errors: &mut Errors) -> Option<Model> {
    let mut cores = written.cores.into_iter();
    let core = cores.next().map(|(_, path)| path);
    for (again, _) in cores {
        errors.at_span(again, "`#[evidence]` is given twice");
    }
    let arms = match written.shape {
        Shape::Enum(default, variants) => {
            check_default(&default, &written.ident, errors);
            list(variants.into_iter().map(|variant| variant_arm(variant, &default, errors)))
        }
        Shape::Struct(case) => vec![reading(&case, errors).map(|reading| Arm { variant: None, reading })],
        Shape::Union(span) => {
            errors.at_span(span, "`DisconnectEvidence` can only be derived for an enum or a struct");
            return None;
        }
    };
    let partial = arms.iter().any(Option::is_none);
    let arms = list(arms.into_iter().flatten());
    Some(Model { ident: written.ident, generics: written.generics, core, arms, partial })
}

fn variant_arm(variant: Case, default: &Stated, errors: &mut Errors) -> Option<Arm> {
    let reading = if variant.stated.is_absent() && !default.is_absent() {
        default_reading(&variant, default, errors)
    } else {
        reading(&variant, errors)
    };
    Some(Arm { variant: Some(variant.ident), reading: reading? })
}

fn reading(case: &Case, errors: &mut Errors) -> Option<Reading> {
    let Case { ident, fields, stated } = case;
    check_once(stated, ident, errors);
    if stated.is_absent() {
        errors.at(
            ident,
            format!(
                "`{ident}` has no verdict; write `#[reason(NetworkError)]`, with the reason of the end, or \
                 `#[transparent]`, to take the verdict of the inner error"
            ),
        );
    }
    let verdict = stated.reasons.first().map(|reason| verdict(reason, fields, errors));
    let source = stated.transparents.first().map(|place| source(*place, case, errors));
    Reading::of(verdict, source)
}

/// The verdict of a variant without its own attributes. [`check_default`] reports errors in the default itself.
fn default_reading(variant: &Case, default: &Stated, errors: &mut Errors) -> Option<Reading> {
    let verdict = default.reasons.first().map(|reason| verdict(reason, &variant.fields, &mut Errors::default()));
    // With both attributes, a variant without fields takes the reason alone.
    let is_transparent = !default.transparents.is_empty() && (verdict.is_none() || !variant.fields.is_empty());
    let source = is_transparent.then(|| source(variant.ident.span(), variant, errors));
    Reading::of(verdict, source)
}

fn check_default(default: &Stated, ident: &Ident, errors: &mut Errors) {
    check_once(default, ident, errors);
    if let Some(reason) = default.reasons.first() {
        verdict(reason, &[], errors);
    }
}

fn check_once(stated: &Stated, ident: &Ident, errors: &mut Errors) {
    for again in stated.reasons.iter().skip(1) {
        errors.at_span(again.place, format!("`{ident}` already has a reason; write one `#[reason]`"));
    }
    for again in stated.transparents.iter().skip(1) {
        errors.at_span(*again, "`#[transparent]` is given twice");
    }
}

impl Reading {
    /// Combines the attributes. An inner `None` is an attribute with an error.
    #[allow(clippy::option_option, reason = "left out, wrong, and right are three")]
    fn of(verdict: Option<Option<Verdict>>, source: Option<Option<Source>>) -> Option<Self> {
        match (verdict, source) {
            (None, None) => None,
            (Some(verdict), None) => Some(Self::Settled(verdict?)),
            (None, Some(source)) => Some(Self::Inside(source?)),
            (Some(verdict), Some(source)) => Some(Self::Either(verdict?, source?)),
        }
    }
}

/// Builds the verdict from the reason and its arguments. Ignores an argument with an error. `None` without a reason.
fn verdict(written: &Reason, fields: &[Field], errors: &mut Errors) -> Option<Verdict> {
    let reason = known(Name::of(&written.category), "reason", &REASONS, "Leave", errors);
    let mut verdict = Verdict { reason: reason?, side: None, by: None, cause: None, code: None, rank: None };
    for Argument { name, value } in &written.arguments {
        if value.is_empty() {
            errors.at(name, format!("`{name} =` needs a value"));
            continue;
        }
        let twice = match name.to_string().as_str() {
            "side" => replace(&mut verdict.side, side(value, errors)),
            "by" => replace(&mut verdict.by, initiator(value, errors)),
            "cause" => replace(&mut verdict.cause, cause(value, fields, errors)),
            "rank" => replace(&mut verdict.rank, name_of(value, RANKS, errors)),
            "code" => replace(&mut verdict.code, Some(Expression::new(value.clone(), fields))),
            unknown => {
                errors.at(name, unknown_argument(unknown));
                false
            }
        };
        if twice {
            errors.at(name, format!("`{name}` is given twice"));
        }
    }
    check_side(&verdict, errors);
    Some(verdict)
}

/// Sets the value. Returns whether it was already set.
pub(crate) fn replace<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    value.is_some_and(|value| place.replace(value).is_some())
}

fn side(value: &TokenStream, errors: &mut Errors) -> Option<Ident> {
    let name = Path::of(value.clone()).and_then(|path| path.get_ident().cloned());
    let sides = ["Local", "Remote", "Network", "Unknown"];
    if name.as_ref().is_some_and(|name| sides.iter().any(|side| name == side)) {
        return name;
    }
    let text = name.map(|name| name.to_string()).unwrap_or_default();
    match suggest::one_edit_from(&text, &sides) {
        Some(near) => errors.at(value, format!("unknown side `{text}`; did you mean `{near}`?")),
        None => {
            errors.at(value, "a side is `Local`, `Remote`, `Network` or `Unknown`; for a party, write `by = Client`");
        }
    }
    None
}

const CAUSES: &str = "write the name of a `DisconnectCause`, the path of one of your own: `Why::Superseded`, or an \
                      expression in parentheses: `(why.cause())`";
const INITIATORS: &str = "write the name of a `DisconnectInitiator`, or the path of one of your own: `Party::Broker`";
pub(crate) const RANKS: &str = "write the name of an `evidence::Rank`, such as `Timeout`";

pub(crate) fn name_of(value: &TokenStream, form: &str, errors: &mut Errors) -> Option<Name> {
    let path = Path::of(value.clone());
    if path.is_none() {
        errors.at(value, form);
    }
    path.as_ref().map(Name::of)
}

pub(crate) fn initiator(value: &TokenStream, errors: &mut Errors) -> Option<Name> {
    known(name_of(value, INITIATORS, errors)?, "initiator", &PARTIES, "Party", errors)
}

/// Reads `Reset`, `Why::Superseded` or `(expression)`.
fn cause(value: &TokenStream, fields: &[Field], errors: &mut Errors) -> Option<Cause> {
    let mut tokens = value.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
            Some(Cause::Expression(Expression::new(group.stream(), fields)))
        }
        _ => name_of(value, CAUSES, errors).map(Cause::Name),
    }
}

fn unknown_argument(name: &str) -> String {
    match suggest::one_edit_from(name, &["side", "by", "cause", "code", "rank"]) {
        Some(near) => format!("unknown argument `{name}`; did you mean `{near}`?"),
        None => format!("unknown argument `{name}`; expected one of `side`, `by`, `cause`, `code`, `rank`"),
    }
}

/// The names of the core's reasons and initiators. The core depends on this crate, so its enums cannot be used here;
/// `evidence_derive.rs` and `ui/evidence` check that the names agree.
pub(crate) const REASONS: [&str; 8] = [
    "Unknown",
    "Graceful",
    "ClientClosed",
    "ServerShutdown",
    "NetworkError",
    "ProtocolError",
    "WorkspaceStopped",
    "ControlPlaneLost",
];
const PARTIES: [&str; 5] = ["Unknown", "Client", "Agent", "Server", "Network"];

/// Reasons of an end on purpose, which the network cannot cause.
const ON_PURPOSE: [&str; 4] = ["Graceful", "ClientClosed", "ServerShutdown", "WorkspaceStopped"];

/// Returns the name, or reports a bare name that the core does not have.
pub(crate) fn known(name: Name, what: &str, ours: &[&str], own: &str, errors: &mut Errors) -> Option<Name> {
    let Name::Ours(ident) = &name else { return Some(name) };
    let text = ident.to_string();
    if ours.contains(&text.as_str()) {
        return Some(name);
    }
    let near = spelling::nearest(&text, &mut ours.iter().copied(), |word| word.len().div_ceil(3));
    let instead = near.map_or_else(
        || format!("write one of your own with its path, as in `{own}::{text}`"),
        |near| format!("did you mean `{near}`?"),
    );
    errors.at(ident, format!("unknown {what} `{text}`; {instead}"));
    None
}

fn check_side(verdict: &Verdict, errors: &mut Errors) {
    let Some(reason) = verdict.reason.ours("DisconnectReason") else { return };
    if !ON_PURPOSE.iter().any(|on_purpose| reason == on_purpose) {
        return;
    }
    let on_purpose = format!("`{reason}` is on purpose, so it is not by the network");
    if let Some(side) = verdict.side.as_ref().filter(|side| *side == "Network") {
        errors.at(side, format!("{on_purpose}; write `Local`, `Remote` or `Unknown`"));
    }
    let by = verdict.by.as_ref().and_then(|by| by.ours("DisconnectInitiator"));
    if let Some(by) = by.filter(|by| by == "Network") {
        errors.at(&by, format!("{on_purpose}; write another party"));
    }
}

impl Name {
    /// A bare name belongs to the core, a path to the user.
    pub(crate) fn of(path: &Path) -> Self {
        match path.get_ident() {
            Some(ident) => Self::Ours(ident.clone()),
            None => Self::Path(path.to_token_stream()),
        }
    }

    /// The variant of a core enum, if the name is bare or qualified with the name of that enum.
    pub(crate) fn ours(&self, set: &str) -> Option<Ident> {
        match self {
            Self::Ours(ident) => Some(ident.clone()),
            Self::Path(path) => {
                let mut segments = Path::of(path.clone())?.segments.into_iter().rev();
                segments.next().filter(|_| segments.next().is_some_and(|name| name == set))
            }
        }
    }
}

impl Expression {
    fn new(tokens: TokenStream, fields: &[Field]) -> Self {
        let mentioned = fields.iter().filter_map(|field| {
            let name = match &field.member {
                Member::Named(ident) => ident.clone(),
                Member::Numbered(index) => format_ident!("_{index}"),
            };
            Some((field.member.clone(), mention(&tokens, &name)?))
        });
        Self { fields: list(mentioned), tokens }
    }
}

/// The first mention of the name in an expression, with its hygiene.
fn mention(expression: &TokenStream, name: &Ident) -> Option<Ident> {
    expression.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == *name => Some(ident),
        TokenTree::Group(group) => mention(&group.stream(), name),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// The field that `#[transparent]` reads: the marked one, otherwise the one named `source`, otherwise the only one.
fn source(place: Span, case: &Case, errors: &mut Errors) -> Option<Source> {
    let Case { ident, fields, .. } = case;
    let mut marks = fields.iter().filter_map(|field| field.mark);
    if let Some(again) = marks.nth(1) {
        errors.at_span(again, "`#[transparent]` reads one error, but another field is already marked");
        return None;
    }
    let is_source = |field: &&Field| matches!(&field.member, Member::Named(ident) if ident == "source");
    let marked = fields.iter().find(|field| field.mark.is_some()).or_else(|| fields.iter().find(is_source));
    let field = match (marked, &fields[..]) {
        (Some(field), _) | (None, [field]) => field,
        (None, []) => {
            let instead = "write `#[reason(...)]` instead";
            errors.at_span(place, format!("`{ident}` has no inner error for `#[transparent]`; {instead}"));
            return None;
        }
        (None, [_, _, ..]) => {
            errors.at_span(place, format!("`{ident}` has several fields; mark the inner error with `#[source]`"));
            return None;
        }
    };
    let inside = option_of(&field.ty);
    let optional = inside.is_some();
    Some(Source { optional, ty: inside.unwrap_or_else(|| field.ty.clone()), member: field.member.clone() })
}

/// The `T` of a type written as `Option<T>`, after any path.
fn option_of(ty: &TokenStream) -> Option<TokenStream> {
    let tokens = opened(ty.clone());
    let start = tokens.iter().position(|token| punct(token) == Some('<'))?;
    let (path, arguments) = tokens.split_at(start);
    let name = path.iter().rev().find(|token| punct(token) != Some(':'))?;
    let is_option = matches!(name, TokenTree::Ident(name) if name == "Option");
    let [_, inside @ .., end] = arguments else { return None };
    if !is_option || punct(end) != Some('>') || !path.iter().all(is_of_path) {
        return None;
    }
    let first = at_type_commas(stream(inside)).into_iter().next()?;
    Some(stream(&first))
}

fn is_of_path(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(_)) || punct(token) == Some(':')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::option_of;

    #[test]
    fn only_an_option_by_its_own_path_is_optional() {
        let inside = |ty: &str| option_of(&ty.parse().unwrap()).map(|inside| inside.to_string().replace(' ', ""));
        for option in ["Option<io::Error>", "std::option::Option<io::Error>", "::core::option::Option<io::Error,>"] {
            assert_eq!(inside(option).as_deref(), Some("io::Error"), "{option}");
        }
        assert_eq!(inside("Option<Box<Failed<A, B>>>").as_deref(), Some("Box<Failed<A,B>>"));
        for other in ["Option", "Vec<Option<E>>", "Options<E>", "&Option<E>", "&'a Option<E>", "<Option<E> as A>::B"] {
            assert_eq!(inside(other), None, "{other}");
        }
    }
}
