//! Phase two: checks the input and builds a model, which is always valid.
//!
//! All semantic errors are reported here, each at the smallest wrong token and with what to write instead. One check is
//! in the core: whether a code is registered. The compiler reports it when it evaluates the rows.

use proc_macro2::{Ident, Span, TokenStream};

use super::parse::{self, Codes, Meaning as WrittenMeaning, Value, Variant, Written};
use crate::errors::Errors;
use crate::evidence::model::{Name, RANKS, REASONS, initiator, known, name_of, replace};
use crate::evidence::parse::{Argument, Reason};
use crate::field::model::snake_case;
use crate::item::Fields;
use crate::literal::{Text, unraw};
use crate::path::Path;
use crate::protocols::{
    Known, LARGEST, LONGEST_NAME, LONGEST_TEXT, PROTOCOLS, is_code_text, is_protocol_name, is_sqlstate,
};
use crate::taken::Taken;
use crate::{spelling, suggest};

/// A valid set: at least one code, each with a meaning, all codes distinct.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) core: Option<TokenStream>,
    pub(crate) protocol: Protocol,
    pub(crate) codes: Vec<Code>,
}

pub(crate) enum Protocol {
    /// A built-in protocol, by its position in the table.
    Known(usize),
    Own(String),
}

/// One variant.
pub(crate) struct Code {
    pub(crate) ident: Ident,
    pub(crate) place: Span,
    pub(crate) literal: Literal,
    pub(crate) name: String,
    pub(crate) meaning: Meaning,
}

pub(crate) enum Literal {
    Number(i64),
    Text(String),
}

/// The meaning of a code, from the sender's point of view.
pub(crate) struct Meaning {
    pub(crate) kind: Kind,
    pub(crate) cause: Option<Name>,
    pub(crate) by: Option<Name>,
    pub(crate) rank: Option<Name>,
}

pub(crate) enum Kind {
    /// The name of a constructor of the core's `Verdict`.
    Goodbye(&'static str),
    /// The reason, and the name of a variant of the core's `Side`.
    Reason(Name, &'static str),
}

/// Builds the model. Returns `None` if the input is too broken; `errors` then holds the errors.
pub(crate) fn build(written: Written, errors: &mut Errors) -> Option<Model> {
    let codes = one_protocol(&written, errors);
    let protocol = codes.and_then(|codes| protocol(&codes.protocol, errors));
    if !written.generics.params.is_empty() {
        errors.at(&written.generics, "a set of codes cannot have generics");
    }
    let core = codes.and_then(|codes| codes.core.clone());
    let variants = match written.variants {
        Ok(variants) => variants,
        Err(span) => {
            errors.at_span(span, "`DisconnectCode` can only be derived for an enum: its variants are the codes");
            return None;
        }
    };
    if variants.is_empty() {
        errors.at(&written.ident, "a set of codes needs at least one variant");
    }
    let mut taken = (Taken::default(), Taken::default());
    let mut codes = Vec::new();
    for variant in &variants {
        if let Some(code) = code(variant, protocol.as_ref(), &mut taken, errors) {
            codes.push(code);
        }
    }
    (codes.len() == variants.len()).then_some(Model { ident: written.ident, core, protocol: protocol?, codes })
}

fn one_protocol<'a>(written: &'a Written, errors: &mut Errors) -> Option<&'a Codes> {
    for again in written.protocols.iter().skip(1) {
        errors.at_span(again.place, "`#[codes]` is given twice");
    }
    if written.protocols.is_empty() && !written.protocol_reported {
        errors.at(
            &written.ident,
            "missing `#[codes(websocket)]` on the enum, with the protocol of its codes; write a protocol of your own as a \
             string: `#[codes(\"discord\")]`",
        );
    }
    written.protocols.first()
}

fn protocol(written: &parse::Protocol, errors: &mut Errors) -> Option<Protocol> {
    match written {
        parse::Protocol::Known(ident) => known_protocol(ident, errors).map(Protocol::Known),
        parse::Protocol::Own(text) => {
            let name = text.value();
            if PROTOCOLS.iter().any(|known| known.name == name) {
                errors.at(text, format!("`{name}` is a built-in protocol; write `#[codes({name})]`"));
                return None;
            }
            if !is_protocol_name(name) {
                let form = format!("lower-case words joined by `_`, at most {LONGEST_NAME} bytes");
                errors.at(text, format!("the name of a protocol is {form}, such as \"discord\""));
                return None;
            }
            Some(Protocol::Own(name.to_owned()))
        }
    }
}

fn known_protocol(ident: &Ident, errors: &mut Errors) -> Option<usize> {
    let name = ident.to_string();
    let Some(place) = PROTOCOLS.iter().position(|known| known.name == name) else {
        let near =
            spelling::nearest(&name, &mut PROTOCOLS.iter().map(|known| known.name), |word| word.len().div_ceil(3));
        let instead = near.map_or_else(
            || format!("write a protocol of your own as a string: `#[codes(\"{name}\")]`"),
            |near| format!("did you mean `{near}`?"),
        );
        errors.at(ident, format!("unknown protocol `{name}`; {instead}"));
        return None;
    };
    let known = &PROTOCOLS[place];
    if known.numbers.is_some() && known.own.is_none() {
        errors.at(ident, format!("`{name}` has a closed set of codes and leaves none to applications"));
        return None;
    }
    Some(place)
}

fn code(
    variant: &Variant,
    protocol: Option<&Protocol>,
    (codes, names): &mut (Taken, Taken),
    errors: &mut Errors,
) -> Option<Code> {
    let ident = &variant.ident;
    if let Fields(Some((payload, _))) = &variant.payload {
        errors.at(payload, "a code cannot carry data; put the data into the detail of the end");
    }
    for again in variant.codes.iter().skip(1) {
        errors.at_span(again.place, format!("`{ident}` already has a code; add a variant for each further code"));
    }
    if variant.codes.is_empty() && !variant.code_reported {
        errors.at(ident, format!("`{ident}` has no code; write `#[code(4000)]`, with its number or text"));
    }
    let meaning = meaning(variant, errors);
    let written = variant.codes.first()?;
    let place = place(&written.value);
    let literal = literal(&written.value, protocol, errors);
    if let Some(literal) = &literal {
        claim(codes, &literal.to_string(), place, ident, "every code is unique", errors);
    }
    let name = match &written.name {
        Some(name) => stated_name(name, errors),
        None => snake_case(&unraw(ident)),
    };
    let name_place = written.name.as_ref().map_or_else(|| ident.span(), Text::span);
    claim(names, &name, name_place, ident, "every name is unique", errors);
    Some(Code { ident: ident.clone(), place, literal: literal?, name, meaning: meaning? })
}

fn stated_name(name: &Text, errors: &mut Errors) -> String {
    let text = name.value();
    if !is_code_text(text, 64) {
        errors.at(name, "the name of a code has 1 to 64 ASCII letters, digits, `-` and `_`");
    }
    text.to_owned()
}

fn place(value: &Value) -> Span {
    match value {
        Value::Number(minus, number) => {
            minus.and_then(|minus| minus.join(number.span())).unwrap_or_else(|| number.span())
        }
        Value::Text(text) => text.span(),
    }
}

/// Checks that the protocol leaves this code to applications.
fn literal(value: &Value, protocol: Option<&Protocol>, errors: &mut Errors) -> Option<Literal> {
    let known = match protocol {
        Some(Protocol::Known(place)) => Some(&PROTOCOLS[*place]),
        Some(Protocol::Own(_)) | None => None,
    };
    match value {
        Value::Number(minus, digits) => {
            let number = format!("{}{digits}", if minus.is_some() { "-" } else { "" });
            let parsed = digits.value.map(|number| if minus.is_some() { -number } else { number });
            check_number(&number, parsed, known).map(Literal::Number)
        }
        Value::Text(text) => check_text(text.value().to_owned(), known).map(Literal::Text),
    }
    .map_err(|mistake| errors.at_span(place(value), mistake))
    .ok()
}

fn check_number(written: &str, number: Option<i64>, known: Option<&Known>) -> Result<i64, String> {
    let (name, (first, last)) = match known {
        None => ("a protocol of your own", (-LARGEST, LARGEST)),
        Some(Known { name, own: Some(range), .. }) => (*name, *range),
        Some(Known { name, .. }) => return Err(format!("the codes of `{name}` are texts, as in `#[code(\"57P01\")]`")),
    };
    match number.filter(|number| (first..=last).contains(number)) {
        Some(number) => Ok(number),
        None if known.is_none() => Err(format!("`{written}` has more than 62 bits")),
        None => Err(format!("`{written}` is out of range: `{name}` leaves {first} to {last} to applications")),
    }
}

fn check_text(text: String, known: Option<&Known>) -> Result<String, String> {
    match known {
        Some(Known { name, numbers: Some(_), .. }) => {
            Err(format!("the codes of `{name}` are numbers, as in `#[code(4000)]`"))
        }
        Some(_) if !is_sqlstate(&text) => Err("an SQLSTATE has five digits or upper-case letters".to_owned()),
        None if !is_code_text(&text, LONGEST_TEXT) => {
            Err(format!("a code has 1 to {LONGEST_TEXT} ASCII letters, digits, `-` and `_`"))
        }
        Some(_) | None => Ok(text),
    }
}

/// The logged text. Two codes with the same text would be indistinguishable in a log.
impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Reserves a code or a name for a variant. For a duplicate, reports both places.
fn claim(taken: &mut Taken, text: &str, place: Span, owner: &Ident, rule: &str, errors: &mut Errors) {
    if let Some((first, other)) = taken.claim(text, place, owner) {
        errors.at_span(place, format!("`{text}` is already used by `{other}`; {rule}"));
        errors.at_span(first, format!("`{text}` is first used here"));
    }
}

fn meaning(variant: &Variant, errors: &mut Errors) -> Option<Meaning> {
    let ident = &variant.ident;
    for again in variant.meanings.iter().skip(1) {
        errors
            .at_span(again.place(), format!("`{ident}` already has a meaning; write one `#[goodbye]` or `#[reason]`"));
    }
    if variant.meanings.is_empty() && !variant.meaning_reported {
        errors.at(
            ident,
            format!(
                "`{ident}` has no meaning; write `#[reason(Unknown)]`, with the reason why its sender ends the \
                 connection, or `#[goodbye(Closed)]`"
            ),
        );
    }
    match variant.meanings.first()? {
        WrittenMeaning::Goodbye(written) => {
            let kind = goodbye(&written.category, errors);
            let stated = arguments(written, &["cause", "by"], errors);
            Some(Meaning { kind: Kind::Goodbye(kind?), cause: stated.cause, by: stated.by, rank: None })
        }
        WrittenMeaning::Reason(written) => {
            let reason = stated_reason(&written.category, errors);
            let stated = arguments(written, &["side", "by", "cause", "rank"], errors);
            let reason = reason?;
            let side = side_of(&reason, stated.side.as_ref(), errors);
            Some(Meaning { kind: Kind::Reason(reason, side), cause: stated.cause, by: stated.by, rank: stated.rank })
        }
    }
}

/// The kinds of goodbye, with the matching constructors of the core's `Verdict`.
const GOODBYES: [(&str, &str); 3] = [("Closed", "closed"), ("GoingAway", "going_away"), ("Cancelled", "cancelled")];

fn goodbye(kind: &Path, errors: &mut Errors) -> Option<&'static str> {
    let name = kind.get_ident().map(Ident::to_string).unwrap_or_default();
    let found = GOODBYES.iter().find(|(goodbye, _)| *goodbye == name);
    if found.is_none() {
        let near =
            spelling::nearest(&name, &mut GOODBYES.iter().map(|(goodbye, _)| *goodbye), |word| word.len().div_ceil(3));
        let instead = match (near, by_role(&name)) {
            (Some(near), _) | (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "expected `Closed`, `GoingAway` or `Cancelled`".to_owned(),
        };
        errors.at(kind, format!("unknown goodbye; {instead}"));
    }
    found.map(|(_, constructor)| *constructor)
}

/// The goodbye that an endpoint maps to this reason for some role.
fn by_role(reason: &str) -> Option<&'static str> {
    match reason {
        "Graceful" | "ClientClosed" => Some("Closed"),
        "ServerShutdown" => Some("GoingAway"),
        _ => None,
    }
}

fn stated_reason(category: &Path, errors: &mut Errors) -> Option<Name> {
    let name = known(Name::of(category), "reason", &REASONS, "Leave", errors)?;
    let ours = name.ours("DisconnectReason").map(|ours| ours.to_string()).unwrap_or_default();
    match by_role(&ours) {
        Some(goodbye) => {
            let instead = format!("write `#[goodbye({goodbye})]`");
            errors.at(category, format!("`{ours}` depends on the role of the sender; {instead}"));
            None
        }
        None => Some(name),
    }
}

/// The arguments after the reason or the goodbye.
#[derive(Default)]
struct Stated {
    side: Option<Ident>,
    by: Option<Name>,
    cause: Option<Name>,
    rank: Option<Name>,
}

fn arguments(written: &Reason, allowed: &[&'static str], errors: &mut Errors) -> Stated {
    let mut stated = Stated::default();
    for Argument { name, value } in &written.arguments {
        let word = name.to_string();
        if !allowed.contains(&word.as_str()) {
            errors.at(name, unknown_argument(&word, allowed));
            continue;
        }
        if value.is_empty() {
            errors.at(name, format!("`{name} =` needs a value"));
            continue;
        }
        let twice = match word.as_str() {
            "side" => replace(&mut stated.side, side(value, errors)),
            "by" => replace(&mut stated.by, initiator(value, errors)),
            "cause" => replace(&mut stated.cause, name_of(value, CAUSES, errors)),
            _ => replace(&mut stated.rank, name_of(value, RANKS, errors)),
        };
        if twice {
            errors.at(name, format!("`{name}` is given twice"));
        }
    }
    stated
}

const CAUSES: &str = "write the name of a `DisconnectCause`, or the path of a cause of your own: `Why::Superseded`";

fn unknown_argument(name: &str, allowed: &[&'static str]) -> String {
    if let Some(near) = suggest::one_edit_from(name, allowed) {
        return format!("unknown argument `{name}`; did you mean `{near}`?");
    }
    match name {
        "side" => "a goodbye takes no `side`: it is always by its sender".to_owned(),
        "rank" => "a goodbye takes no `rank`: it is always `Stated`".to_owned(),
        "code" => "write the code in `#[code(...)]`".to_owned(),
        _ => {
            let mut known = String::new();
            for word in allowed {
                known += if known.is_empty() { "`" } else { "`, `" };
                known += word;
            }
            format!("unknown argument `{name}`; expected one of {known}`")
        }
    }
}

/// The sides of a code, with the sides of a verdict from the sender's point of view.
const SIDES: [(&str, &str); 4] =
    [("Sender", "Local"), ("Receiver", "Remote"), ("Network", "Network"), ("Unknown", "Unknown")];

fn side(value: &TokenStream, errors: &mut Errors) -> Option<Ident> {
    let name = Path::of(value.clone()).and_then(|path| path.get_ident().cloned());
    let text = name.as_ref().map(Ident::to_string).unwrap_or_default();
    if SIDES.iter().any(|(side, _)| *side == text) {
        return name;
    }
    match suggest::one_edit_from(&text, &SIDES.map(|(side, _)| side)) {
        Some(near) => errors.at(value, format!("unknown side `{text}`; did you mean `{near}`?")),
        None => errors.at(value, "the side of a code is `Sender`, `Receiver`, `Network` or `Unknown`"),
    }
    None
}

/// The side; if not given, the receiver for a protocol error, the network for a network error, and otherwise the
/// sender.
fn side_of(reason: &Name, stated: Option<&Ident>, errors: &mut Errors) -> &'static str {
    let ours = reason.ours("DisconnectReason").map(|ours| ours.to_string()).unwrap_or_default();
    let stated = match stated {
        Some(side) if side == "Network" && ours == "WorkspaceStopped" => {
            errors.at(side, format!("`{ours}` is on purpose, so it is not by the network; write another side"));
            None
        }
        Some(side) => SIDES.iter().find(|(name, _)| side == name).map(|(_, side)| *side),
        None => None,
    };
    stated.unwrap_or(match ours.as_str() {
        "ProtocolError" => "Remote",
        "NetworkError" => "Network",
        _ => "Local",
    })
}
