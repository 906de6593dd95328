//! Phase two: what was written becomes a model that cannot be illegal.
//!
//! The only source of semantic errors. Each one stands at the smallest wrong token and says what to write instead.
//! Whether a reason, cause or rank of that name exists is left to the compiler, which knows them and the near ones.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{GenericArgument, Generics, Path, PathArguments, Type};

use super::parse::{self, Argument, Case, Field, Member, Reason, Shape, Written};
use crate::errors::Errors;
use crate::suggest;

/// A type of which every error says what it means, as far as it is legal.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) core: Option<Path>,
    pub(crate) arms: Vec<Arm>,
    /// A case has a mistake and no arm.
    pub(crate) partial: bool,
}

/// What one case means.
pub(crate) struct Arm {
    /// `None` for a struct.
    pub(crate) variant: Option<Ident>,
    pub(crate) reading: Reading,
}

/// Where the verdict comes from.
pub(crate) enum Reading {
    /// The author's word, which nothing inside changes.
    Settled(Verdict),
    /// The error inside.
    Inside(Source),
    /// Whichever is stronger.
    Either(Verdict, Source),
}

/// One legal `#[reason(...)]`.
pub(crate) struct Verdict {
    pub(crate) reason: Name,
    /// A variant of the core's `Side`.
    pub(crate) side: Option<Ident>,
    pub(crate) cause: Option<Name>,
    pub(crate) code: Option<Code>,
    pub(crate) rank: Option<Name>,
}

/// One of the core's own, or what a path leads to.
pub(crate) enum Name {
    Ours(Ident),
    Path(Path),
}

/// An expression, and the fields it mentions under the names by which it does.
pub(crate) struct Code {
    pub(crate) expression: TokenStream,
    pub(crate) fields: Vec<(Member, Ident)>,
}

/// The field that holds the error inside.
pub(crate) struct Source {
    pub(crate) member: Member,
    /// The type of the error, without the option around it.
    pub(crate) ty: TokenStream,
    pub(crate) optional: bool,
}

/// The model, or `None` where nothing could be made of the input; every mistake found is in `errors`.
pub(crate) fn build(written: Written, errors: &mut Errors) -> Option<Model> {
    let mut cores = written.cores.into_iter();
    let core = cores.next().map(|(_, path)| path);
    for (again, _) in cores {
        errors.at_span(again, "`#[evidence]` is given twice");
    }
    let arms: Vec<_> = match written.shape {
        Shape::Enum(cases) => cases.into_iter().map(|case| arm(case, Kind::Variant, errors)).collect(),
        Shape::Struct(case) => vec![arm(case, Kind::Struct, errors)],
        Shape::Union(span) => {
            errors.at_span(span, "`DisconnectEvidence` stands on an error enum or an error struct");
            return None;
        }
    };
    let partial = arms.iter().any(Option::is_none);
    let arms = arms.into_iter().flatten().collect();
    Some(Model { ident: written.ident, generics: written.generics, core, arms, partial })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Variant,
    Struct,
}

fn arm(case: Case, kind: Kind, errors: &mut Errors) -> Option<Arm> {
    let mut reasons = case.reasons.into_iter();
    let reason = reasons.next();
    for again in reasons {
        let text = format!("`{}` has a reason already; an error ends a connection for one", case.ident);
        errors.at_span(again.place, text);
    }
    for again in case.transparents.iter().skip(1) {
        errors.at_span(*again, "`#[transparent]` is given twice");
    }
    let verdict = reason.map(|reason| verdict(reason, &case.fields, errors));
    let source = case.transparents.first().map(|place| source(*place, &case.ident, case.fields, errors));
    let reading = match (verdict, source) {
        (None, None) => {
            if !case.reported {
                errors.at(
                    &case.ident,
                    format!(
                        "`{}` names no verdict; write `#[reason(NetworkError)]`, with the reason that it means, or \
                         `#[transparent]` for what the error inside means",
                        case.ident
                    ),
                );
            }
            return None;
        }
        (Some(verdict), None) => Reading::Settled(verdict),
        (None, Some(source)) => Reading::Inside(source?),
        (Some(verdict), Some(source)) => Reading::Either(verdict, source?),
    };
    Some(Arm { variant: (kind == Kind::Variant).then_some(case.ident), reading })
}

/// What follows from the reason and its arguments; an argument with a mistake is as good as left out.
fn verdict(written: Reason, fields: &[Field], errors: &mut Errors) -> Verdict {
    let mut verdict = Verdict { reason: Name::of(written.category), side: None, cause: None, code: None, rank: None };
    for Argument { name, value } in written.arguments {
        if value.is_empty() {
            errors.at(&name, format!("`{name} =` needs a value"));
            continue;
        }
        let twice = match name.to_string().as_str() {
            "side" => side(&value, errors).is_some_and(|side| verdict.side.replace(side).is_some()),
            "cause" => replace(&mut verdict.cause, &value, CAUSES, errors),
            "rank" => replace(&mut verdict.rank, &value, RANKS, errors),
            "code" => verdict.code.replace(Code::new(value, fields)).is_some(),
            unknown => {
                errors.at(&name, unknown_argument(unknown));
                false
            }
        };
        if twice {
            errors.at(&name, format!("`{name}` is given twice"));
        }
    }
    check_side(&verdict, errors);
    verdict
}

fn side(value: &TokenStream, errors: &mut Errors) -> Option<Ident> {
    let name = parse::path(value).and_then(|path| path.get_ident().cloned());
    let sides = ["Local", "Remote", "Network", "Unknown"];
    if name.as_ref().is_some_and(|name| sides.iter().any(|side| name == side)) {
        return name;
    }
    let text = name.map(|name| name.to_string()).unwrap_or_default();
    match suggest::one_edit_from(&text, sides) {
        Some(near) => errors.at(value, format!("unknown side `{text}`; did you mean `{near}`?")),
        None => errors.at(value, "a side is `Local`, `Remote`, `Network` or `Unknown`; the endpoint knows who that is"),
    }
    None
}

const CAUSES: &str = "a cause is one of ours by its name, or one of your own by its path: `Why::Superseded`";
const RANKS: &str = "a rank is one of `evidence::Rank` by its name, such as `Timeout`";

/// Sets a name, and says whether it was there before.
fn replace(name: &mut Option<Name>, value: &TokenStream, form: &str, errors: &mut Errors) -> bool {
    let Some(path) = parse::path(value) else {
        errors.at(value, form);
        return false;
    };
    name.replace(Name::of(path)).is_some()
}

fn unknown_argument(name: &str) -> String {
    match suggest::one_edit_from(name, ["side", "cause", "code", "rank"]) {
        Some(near) => format!("unknown argument `{name}`; did you mean `{near}`?"),
        None => format!("unknown argument `{name}`; known are `side`, `cause`, `code` and `rank`"),
    }
}

/// Reasons that somebody had. The crate with the enum is above this one: `tests/ui/evidence` holds the two together.
const ON_PURPOSE: [&str; 4] = ["Graceful", "ClientClosed", "ServerShutdown", "WorkspaceStopped"];

fn check_side(verdict: &Verdict, errors: &mut Errors) {
    let (Some(reason), Some(side)) = (verdict.reason.ours("DisconnectReason"), &verdict.side) else { return };
    if side == "Network" && ON_PURPOSE.iter().any(|on_purpose| reason == on_purpose) {
        errors.at(
            side,
            format!("`{reason}` is on purpose, and the network ends nothing so; write `Local`, `Remote` or `Unknown`"),
        );
    }
}

impl Name {
    /// A bare name is one of ours.
    fn of(path: Path) -> Self {
        match path.get_ident() {
            Some(ident) => Self::Ours(ident.clone()),
            None => Self::Path(path),
        }
    }

    /// The variant of a core enum, also where it stands behind the name of that enum.
    fn ours(&self, set: &str) -> Option<&Ident> {
        match self {
            Self::Ours(ident) => Some(ident),
            Self::Path(path) => {
                let mut segments = path.segments.iter().rev().map(|segment| &segment.ident);
                segments.next().filter(|_| segments.next().is_some_and(|name| name == set))
            }
        }
    }
}

impl Code {
    fn new(expression: TokenStream, fields: &[Field]) -> Self {
        let mentioned = fields.iter().filter_map(|field| {
            let name = match &field.member {
                Member::Named(ident) => ident.clone(),
                Member::Numbered(index) => format_ident!("_{index}"),
            };
            Some((field.member.clone(), mention(&expression, &name)?))
        });
        Self { fields: mentioned.collect(), expression }
    }
}

/// The first use of the name in an expression, with the hygiene of that place.
fn mention(expression: &TokenStream, name: &Ident) -> Option<Ident> {
    expression.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == *name => Some(ident),
        TokenTree::Group(group) => mention(&group.stream(), name),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// The field that `#[transparent]` follows: the marked one, or else the one named `source`, or else the only one.
fn source(place: Span, case: &Ident, fields: Vec<Field>, errors: &mut Errors) -> Option<Source> {
    let mut marks = fields.iter().filter_map(|field| field.mark);
    if let Some(again) = marks.nth(1) {
        errors.at_span(again, "`#[transparent]` follows one error, and another field is marked already");
        return None;
    }
    let count = fields.len();
    let is_source = |field: &Field| matches!(&field.member, Member::Named(ident) if ident == "source");
    let chosen = fields.iter().position(|field| field.mark.is_some()).or_else(|| fields.iter().position(is_source));
    let Some(field) = fields.into_iter().nth(chosen.unwrap_or(0)) else {
        errors.at_span(
            place,
            format!("`{case}` has no error inside to be transparent to; write `#[reason(...)]`, with what it means"),
        );
        return None;
    };
    if chosen.is_none() && count > 1 {
        errors.at_span(place, format!("`{case}` has several fields; mark the error inside with `#[source]`"));
        return None;
    }
    let inside = option_of(&field.ty);
    let ty = inside.unwrap_or(&field.ty).to_token_stream();
    Some(Source { optional: inside.is_some(), ty, member: field.member })
}

/// The `T` of a type written as `Option<T>`.
fn option_of(ty: &Type) -> Option<&Type> {
    let path = match ty {
        // A type that comes through another macro.
        Type::Group(group) => return option_of(&group.elem),
        Type::Path(path) => path,
        _ => return None,
    };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) if last.ident == "Option" => match arguments.args.first()? {
            GenericArgument::Type(inside) => Some(inside),
            _ => None,
        },
        _ => None,
    }
}
