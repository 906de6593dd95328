//! Phase two: what was written becomes a model that cannot be illegal.
//!
//! The only source of semantic errors. Each one stands at the smallest wrong token and says what to write instead.
//! Whether a code is registered is known to the core alone, and told when its table is evaluated.

use std::collections::HashMap;

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
use crate::{spelling, suggest};

/// A legal set: at least one code, each with a meaning, and no two alike.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) core: Option<TokenStream>,
    pub(crate) protocol: Protocol,
    pub(crate) codes: Vec<Code>,
}

pub(crate) enum Protocol {
    /// By its place in the table.
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

/// What its sender means.
pub(crate) struct Meaning {
    pub(crate) kind: Kind,
    pub(crate) cause: Option<Name>,
    pub(crate) by: Option<Name>,
    pub(crate) rank: Option<Name>,
}

pub(crate) enum Kind {
    /// With the constructor of the core's `Verdict`.
    Goodbye(&'static str),
    /// With the variant of the core's `Side`, as the sender sees it.
    Reason(Name, &'static str),
}

/// The model, or `None` where nothing could be made of the input; every mistake found is in `errors`.
pub(crate) fn build(written: Written, errors: &mut Errors) -> Option<Model> {
    let codes = one_protocol(&written, errors);
    let protocol = codes.and_then(|codes| protocol(&codes.protocol, errors));
    if !written.generics.params.is_empty() {
        errors.at(&written.generics, "a set of codes has no generics");
    }
    let core = codes.and_then(|codes| codes.core.clone());
    let variants = match written.variants {
        Ok(variants) => variants,
        Err(span) => {
            errors.at_span(span, "`DisconnectCode` stands on an enum: its variants are the codes");
            return None;
        }
    };
    if variants.is_empty() {
        errors.at(&written.ident, "a set of codes needs at least one variant");
    }
    let mut taken = (Taken::default(), Taken::default());
    let codes: Vec<_> = variants.iter().map(|variant| code(variant, protocol.as_ref(), &mut taken, errors)).collect();
    let codes = codes.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Model { ident: written.ident, core, protocol: protocol?, codes })
}

fn one_protocol<'a>(written: &'a Written, errors: &mut Errors) -> Option<&'a Codes> {
    for again in written.protocols.iter().skip(1) {
        errors.at_span(again.place, "`#[codes]` is given twice");
    }
    if written.protocols.is_empty() && !written.protocol_reported {
        errors.at(
            &written.ident,
            "missing `#[codes(websocket)]` on the enum: the protocol of these codes; one of your own is a text, as in \
             `#[codes(\"discord\")]`",
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
                errors.at(text, format!("the library knows `{name}`; write `#[codes({name})]`"));
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
            || format!("one of your own is a text, as in `#[codes(\"{name}\")]`"),
            |near| format!("did you mean `{near}`?"),
        );
        errors.at(ident, format!("unknown protocol `{name}`; {instead}"));
        return None;
    };
    let known = &PROTOCOLS[place];
    if known.numbers.is_some() && known.own.is_none() {
        errors.at(ident, format!("the codes of `{name}` are a closed set, which leaves none to applications"));
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
        errors.at(payload, "a code carries no data; put it into the detail of the end");
    }
    for again in variant.codes.iter().skip(1) {
        errors.at_span(again.place, format!("`{ident}` has a code already; another code is another variant"));
    }
    if variant.codes.is_empty() && !variant.code_reported {
        errors.at(ident, format!("`{ident}` has no code; write `#[code(4000)]`, with its number or text"));
    }
    let meaning = meaning(variant, errors);
    let written = variant.codes.first()?;
    let place = place(&written.value);
    let literal = literal(&written.value, protocol, errors);
    if let Some(literal) = &literal {
        codes.claim(literal.to_string(), place, ident, "a code has one variant", errors);
    }
    let name = match &written.name {
        Some(name) => stated_name(name, errors),
        None => snake_case(&unraw(ident)),
    };
    let name_place = written.name.as_ref().map_or_else(|| ident.span(), Text::span);
    names.claim(name.clone(), name_place, ident, "every name is unique", errors);
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

/// The code, if this protocol leaves it to applications.
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
        Some(_) if !is_sqlstate(&text) => Err("an SQLSTATE is five digits and upper-case letters".to_owned()),
        None if !is_code_text(&text, LONGEST_TEXT) => {
            Err(format!("a code has 1 to {LONGEST_TEXT} ASCII letters, digits, `-` and `_`"))
        }
        Some(_) | None => Ok(text),
    }
}

/// As it is logged, so that no two log alike.
impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// What is taken by which variant, and where that was written.
#[derive(Default)]
struct Taken(HashMap<String, (Span, Ident)>);

impl Taken {
    /// Both places are shown.
    fn claim(&mut self, text: String, place: Span, owner: &Ident, rule: &str, errors: &mut Errors) {
        let Some((first, other)) = self.0.get(&text) else {
            self.0.insert(text, (place, owner.clone()));
            return;
        };
        errors.at_span(place, format!("`{text}` is already `{other}`; {rule}"));
        errors.at_span(*first, format!("`{text}` is first used here"));
    }
}

fn meaning(variant: &Variant, errors: &mut Errors) -> Option<Meaning> {
    let ident = &variant.ident;
    for again in variant.meanings.iter().skip(1) {
        errors.at_span(
            again.place(),
            format!("`{ident}` has a meaning already; a code ends a connection for one reason"),
        );
    }
    if variant.meanings.is_empty() && !variant.meaning_reported {
        errors.at(
            ident,
            format!(
                "`{ident}` has no meaning; write `#[reason(Unknown)]`, with the reason for which its sender ends the \
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

/// The kinds of goodbye, with the constructors of a verdict.
const GOODBYES: [(&str, &str); 3] = [("Closed", "closed"), ("GoingAway", "going_away"), ("Cancelled", "cancelled")];

fn goodbye(kind: &Path, errors: &mut Errors) -> Option<&'static str> {
    let name = kind.get_ident().map(Ident::to_string).unwrap_or_default();
    let found = GOODBYES.iter().find(|(goodbye, _)| *goodbye == name);
    if found.is_none() {
        let near =
            spelling::nearest(&name, &mut GOODBYES.iter().map(|(goodbye, _)| *goodbye), |word| word.len().div_ceil(3));
        let instead = match (near, by_role(&name)) {
            (Some(near), _) | (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => "known are `Closed`, `GoingAway` and `Cancelled`".to_owned(),
        };
        errors.at(kind, format!("no such goodbye; {instead}"));
    }
    found.map(|(_, constructor)| *constructor)
}

/// The goodbye that becomes this reason where the role fits.
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
            errors.at(category, format!("whether this is `{ours}` follows from the role of its sender; {instead}"));
            None
        }
        None => Some(name),
    }
}

/// What stands behind the reason or the goodbye.
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

const CAUSES: &str = "a cause is one of ours by its name, or one of your own by its path: `Why::Superseded`";

fn unknown_argument(name: &str, allowed: &[&'static str]) -> String {
    if let Some(near) = suggest::one_edit_from(name, allowed) {
        return format!("unknown argument `{name}`; did you mean `{near}`?");
    }
    match name {
        "side" => "a goodbye is its sender's, and takes no `side`".to_owned(),
        "rank" => "a goodbye is always stated, and takes no `rank`".to_owned(),
        "code" => "the code stands in `#[code(...)]`".to_owned(),
        _ => {
            let known: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
            format!("unknown argument `{name}`; known are {}", known.join(", "))
        }
    }
}

/// The sides of a code, and those of a verdict as the sender sees it.
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

/// Who it is, where that is not stated: a protocol error accuses the receiver, and the network loses connections.
fn side_of(reason: &Name, stated: Option<&Ident>, errors: &mut Errors) -> &'static str {
    let ours = reason.ours("DisconnectReason").map(|ours| ours.to_string()).unwrap_or_default();
    let stated = match stated {
        Some(side) if side == "Network" && ours == "WorkspaceStopped" => {
            errors.at(side, format!("`{ours}` is on purpose, and the network ends nothing so; write who had it"));
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
