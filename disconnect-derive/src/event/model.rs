//! Phase two: checks options and items and builds an event, which is always valid.
//!
//! All semantic errors are reported here, each at the smallest wrong token and with what to write instead.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};

use super::parse::{Item, Key, Written};
use crate::errors::Errors;
use crate::keys;
use crate::list::list;
use crate::slots::Slot;
use crate::split::{punct, stream};
use crate::suggest;

/// A valid event.
pub(crate) struct Event {
    pub(crate) core: TokenStream,
    pub(crate) level: Level,
    pub(crate) target: Option<TokenStream>,
    pub(crate) parent: Option<TokenStream>,
    pub(crate) end: End,
    pub(crate) extras: Vec<Extra>,
    pub(crate) message: Literal,
}

/// The level of the event.
pub(crate) enum Level {
    Stated(Ident),
    /// The levels of an expected and of an unexpected end.
    Split([Ident; 2]),
}

/// The source of the attribution.
pub(crate) enum End {
    Record(TokenStream),
    Slots(Slots),
}

/// The slots of the call.
pub(crate) struct Slots {
    pub(crate) reason: TokenStream,
    others: Vec<(Slot, TokenStream)>,
}

impl Slots {
    pub(crate) fn get(&self, slot: Slot) -> Option<&TokenStream> {
        self.others.iter().find(|(other, _)| *other == slot).map(|(_, value)| value)
    }
}

/// A field in addition to the attribution.
pub(crate) enum Extra {
    /// A field of the user. Its value keeps its `%` or `?`.
    Plain { key: Key, value: TokenStream },
    /// A category enum under its own key.
    Category { ty: TokenStream, value: TokenStream },
    /// Fields of an optional value.
    Group { value: TokenStream, members: Vec<Member> },
}

/// One field of a group.
pub(crate) struct Member {
    pub(crate) key: Key,
    /// `%` or `?`, as in a tracing field.
    pub(crate) sigil: Option<char>,
    /// The path after the value and a dot.
    pub(crate) path: TokenStream,
}

pub(crate) fn build(written: Written, errors: &mut Errors) -> Option<Event> {
    let mut options = Options::default();
    for (name, value) in written.options {
        options.set(&name, value, errors);
    }
    let mut items = written.items;
    if items.is_empty() && errors.is_empty() {
        errors.at_span(
            Span::call_site(),
            "nothing to log: write `disconnected!(end, \"...\")` or `disconnected!(reason = ..., \"...\")`",
        );
        return None;
    }
    let message = message(&mut items, errors);
    let record = take_record(&mut items);
    let mut slots = Vec::new();
    let mut extras = Vec::new();
    for item in items {
        let in_record = record.is_some();
        if let Some(item) = as_slot(item, in_record, &mut slots, errors) {
            if let Some(extra) = as_extra(item, in_record, errors) {
                extras.push(extra);
            }
        }
    }
    let end = match record {
        Some(record) => End::Record(record),
        None => End::Slots(into_slots(slots, errors)?),
    };
    let Options { level, target, parent } = options;
    let level = level.unwrap_or_else(|| Level::Split(["INFO", "WARN"].map(|name| Ident::new(name, Span::call_site()))));
    Some(Event { core: written.core, level, target, parent, end, extras, message: message? })
}

#[derive(Default)]
struct Options {
    level: Option<Level>,
    target: Option<TokenStream>,
    parent: Option<TokenStream>,
}

impl Options {
    fn set(&mut self, name: &Ident, value: TokenStream, errors: &mut Errors) {
        let twice = match name.to_string().as_str() {
            "target" | "parent" if value.is_empty() => return errors.at(name, format!("`{name}:` needs a value")),
            "level" => {
                let level = level(name, &value, errors);
                level.is_some_and(|level| self.level.replace(level).is_some())
            }
            "target" => self.target.replace(value).is_some(),
            "parent" => self.parent.replace(value).is_some(),
            other => {
                let hint = match (suggest::one_edit_from(other, &["level", "target", "parent"]), Slot::of_name(other)) {
                    (Some(near), _) => format!("unknown option `{other}:`; did you mean `{near}:`?"),
                    (None, Some(_)) => format!("`{other}` is a slot; write `{other} = ...`"),
                    (None, None) => format!("unknown option `{other}:`; expected `level:`, `target:` or `parent:`"),
                };
                return errors.at(name, hint);
            }
        };
        if twice {
            errors.at(name, format!("`{name}:` is given twice"));
        }
    }
}

/// Reads `DEBUG`, or `DEBUG | WARN`. The level must be a name, because tracing's call site is a static.
fn level(name: &Ident, value: &TokenStream, errors: &mut Errors) -> Option<Level> {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    let levels = list(tokens.split(|token| punct(token) == Some('|')).map(level_name));
    match &levels[..] {
        [Some(level)] => Some(Level::Stated(level.clone())),
        [Some(expected), Some(unexpected)] => Some(Level::Split([expected.clone(), unexpected.clone()])),
        _ if value.is_empty() => {
            errors.at(name, "write the level by its name, as in `level: DEBUG`");
            None
        }
        [_] | [_, _] => {
            errors.at(value, "a level is one of TRACE, DEBUG, INFO, WARN and ERROR, by its name");
            None
        }
        _ => {
            errors.at(value, "write one level, or one for expected and one for unexpected ends: `level: DEBUG | WARN`");
            None
        }
    }
}

/// The name of a level, or the last segment of a path.
fn level_name(tokens: &[TokenTree]) -> Option<Ident> {
    match tokens.last() {
        Some(TokenTree::Ident(word)) if is_level(word) => Some(word.clone()),
        _ => None,
    }
}

pub(crate) fn is_level(word: &Ident) -> bool {
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].iter().any(|level| word == level)
}

/// Takes the message: the last item, and the only one without a name.
fn message(items: &mut Vec<Item>, errors: &mut Errors) -> Option<Literal> {
    let place = items.iter().position(|item| matches!(item, Item::Text(_)));
    match place {
        Some(place) if place + 1 == items.len() => match items.pop() {
            Some(Item::Text(text)) => Some(text),
            _ => None,
        },
        Some(place) => {
            let after = items[place + 1].span();
            errors.at_span(
                after,
                "the message comes last and takes no arguments; write values inline, as in `\"{name}\"`",
            );
            // After the message, an item without a name was meant as a formatting argument.
            let named = |item: &Item| matches!(item, Item::Named { .. } | Item::Category { .. } | Item::Group { .. });
            let mut position = 0..;
            items.retain(|item| position.next() < Some(place) || named(item));
            None
        }
        // Reported where the field is checked.
        None if items.iter().any(is_message_field) => None,
        None => {
            let place = items.last().map_or_else(Span::call_site, Item::span);
            errors.at_span(place, "the last item must be the message, as one string literal");
            None
        }
    }
}

fn is_message_field(item: &Item) -> bool {
    matches!(item, Item::Named { key, .. } if key.name() == Some(keys::MESSAGE))
}

/// Takes the record: a first item that is neither `key = value` nor `field(...)` nor `group(...)`.
fn take_record(items: &mut Vec<Item>) -> Option<TokenStream> {
    match items.first()? {
        Item::Named { .. } | Item::Category { .. } | Item::Group { .. } | Item::Text(_) => None,
        Item::Shorthand { tokens, .. } | Item::Expression(tokens) => {
            let record = tokens.clone();
            items.remove(0);
            Some(record)
        }
    }
}

/// Takes the item if it is a slot, and returns it otherwise.
fn as_slot(item: Item, in_record: bool, slots: &mut Vec<(Slot, TokenStream)>, errors: &mut Errors) -> Option<Item> {
    let (key, value) = match item {
        Item::Named { key: key @ Key::Path(..), value } => (key, value),
        other => return Some(other),
    };
    let name = key.name().unwrap_or_default();
    match Slot::of_name(name) {
        Some(_) if in_record => {
            errors.at(&key, format!("a record has its own {name}; set it with `.with_{name}(...)`"));
        }
        Some(slot) if slots.iter().any(|(other, _)| *other == slot) => {
            errors.at(&key, format!("`{name}` is given twice"));
        }
        Some(slot) if value.is_empty() => {
            errors.at(&key, format!("`{name} =` needs a value"));
            slots.push((slot, value));
        }
        Some(slot) => {
            check_sigil(slot, &value, errors);
            slots.push((slot, value));
        }
        None => return Some(Item::Named { key, value }),
    }
    None
}

/// Rejects `%` and `?` on a category or code. Only the detail is text.
fn check_sigil(slot: Slot, value: &TokenStream, errors: &mut Errors) {
    let first = value.clone().into_iter().next();
    if let Some(sigil) = first.filter(|token| slot != Slot::Detail && matches!(punct(token), Some('%' | '?'))) {
        errors.at(&sigil, format!("write `{} = value`, without `{sigil}`: only the detail is free text", slot.name()));
    }
}

fn as_extra(item: Item, in_record: bool, errors: &mut Errors) -> Option<Extra> {
    match item {
        Item::Named { key, value } => {
            check_own_key(&key, in_record, errors);
            check_near_slot(&key, in_record, errors);
            check_extra_value(&key, &value, errors);
            Some(Extra::Plain { key, value })
        }
        Item::Shorthand { key, tokens } => {
            let name = key.name().unwrap_or_default();
            if !in_record && Slot::of_name(name).is_some() {
                errors.at(&key, format!("write `{name} = {name}`: a slot has no short form"));
            }
            check_own_key(&key, in_record, errors);
            Some(Extra::Plain { key, value: tokens })
        }
        Item::Category { field, ty, value } => {
            if ty.is_empty() || value.is_empty() {
                errors.at(&field, "write `field(Type = value)`, with a category enum");
            }
            Some(Extra::Category { ty, value })
        }
        Item::Group { group, value, fields } => {
            if value.is_empty() || fields.is_empty() {
                errors.at(&group, GROUP);
            }
            let members = list(fields.into_iter().filter_map(|field| member(field, in_record, errors)));
            Some(Extra::Group { value, members })
        }
        Item::Text(_) | Item::Expression(_) => {
            errors.at_span(
                item.span(),
                "write `name = value`, `%name`, `?name`, `field(Type = value)` or `group(option => a, b)`",
            );
            None
        }
    }
}

const GROUP: &str = "write `group(option => a, b = path)`, with an optional value and its fields to log";

/// Reads `name`, `%name`, `name = path` or `name = %path`.
fn member(item: Item, in_record: bool, errors: &mut Errors) -> Option<Member> {
    let place = item.span();
    let (key, value) = match item {
        Item::Named { key, value } => (key, value),
        // Without a path, the name is also the path.
        Item::Shorthand { key, tokens } => (key, tokens),
        Item::Category { .. } | Item::Group { .. } | Item::Text(_) | Item::Expression(_) => {
            errors.at_span(place, GROUP);
            return None;
        }
    };
    check_group_key(&key, in_record, errors);
    let mut path: Vec<TokenTree> = value.into_iter().collect();
    let sigil = path.first().and_then(punct).filter(|sigil| matches!(sigil, '%' | '?'));
    path.drain(..usize::from(sigil.is_some()));
    if !is_member_path(&path) {
        errors
            .at_span(place, "write a field of a group as `name`, or as `name = path` with a path of fields and calls");
    }
    Some(Member { key, sigil, path: stream(&path) })
}

/// Checks a key of a group like the key of a user's field. An unquoted slot belongs outside the group.
fn check_group_key(key: &Key, in_record: bool, errors: &mut Errors) {
    match key {
        Key::Path(_, name) if Slot::of_name(name).is_some() => {
            errors.at(key, format!("`{name}` is a slot; for a field of your own, write `\"{name}\" = ...`"));
        }
        Key::Path(..) | Key::Quoted(..) => {
            check_own_key(key, in_record, errors);
            check_near_slot(key, in_record, errors);
        }
        // The compiler checks it.
        Key::Constant(_) => {}
    }
}

/// Whether the path has the form `a.0.b`, possibly with calls: `a.b()`.
fn is_member_path(path: &[TokenTree]) -> bool {
    let mut parts = path.split(|token| punct(token) == Some('.'));
    parts.all(|part| match part {
        [TokenTree::Ident(_) | TokenTree::Literal(_)] => true,
        [TokenTree::Ident(_), TokenTree::Group(call)] => call.delimiter() == Delimiter::Parenthesis,
        _ => false,
    })
}

/// Rejects the keys that slots and message write, and unquoted keys that are one edit away from one of them.
fn check_own_key(key: &Key, in_record: bool, errors: &mut Errors) {
    let name = key.name().unwrap_or_default();
    if name == keys::MESSAGE {
        return errors.at(key, "write the message as a string literal at the end");
    }
    if keys::ALL.contains(&name) {
        return errors.at(key, format!("`{name}` is written by the event itself: {}", instead_of(name, in_record)));
    }
    let near = suggest::one_edit_from(name, &keys::ALL).filter(|_| matches!(key, Key::Path(..)));
    if let Some(near) = near {
        let instead = instead_of(near, in_record);
        errors.at(
            key,
            format!(
                "`{name}` is almost `{near}`, which the event writes itself: {instead}. For a field of your own, write \
                 `\"{name}\" = ...`"
            ),
        );
    }
}

/// What to write instead of a key of the event.
fn instead_of(key: &str, in_record: bool) -> String {
    let slot = Slot::of_key(key).unwrap_or(Slot::Reason).name();
    match (key, in_record) {
        (keys::EXPECTED, _) => "it follows from the reason".to_owned(),
        (keys::REASON, true) => "the record has it".to_owned(),
        (_, true) => format!("set it on the record, with `.with_{slot}(...)`"),
        (_, false) => format!("write `{slot} = ...`"),
    }
}

/// Reports an unquoted key that is one edit away from a slot, such as `initator`.
fn check_near_slot(key: &Key, in_record: bool, errors: &mut Errors) {
    let Key::Path(_, name) = key else { return };
    let Some(near) = suggest::one_edit_from(name, &list(Slot::ALL.iter().map(|slot| slot.name()))) else { return };
    // Too many words are one edit away from a slot of four letters: `node`, `mode`, `core`, `codec`.
    let honest = near.len() <= 4 && name.len() >= near.len() && !is_swap(name, near);
    if !in_record && !honest {
        errors.at(
            key,
            format!("unknown slot `{name}`; did you mean `{near}`? For a field of your own, write `\"{name}\" = ...`"),
        );
    }
}

fn check_extra_value(key: &Key, value: &TokenStream, errors: &mut Errors) {
    let name = key.name().unwrap_or("{ ... }");
    let mut tokens = value.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (None, _) => errors.at(key, format!("`{name} =` needs a value")),
        (Some(TokenTree::Ident(word)), None) if name == "level" && is_level(&word) => {
            errors.at(key, format!("the level is not a field; write `level: {word}` before all other items"));
        }
        _ => {}
    }
}

fn is_swap(a: &str, b: &str) -> bool {
    let count = |word: &str, letter| word.chars().filter(|c| *c == letter).count();
    a.len() == b.len() && a.chars().all(|letter| count(a, letter) == count(b, letter))
}

fn into_slots(mut slots: Vec<(Slot, TokenStream)>, errors: &mut Errors) -> Option<Slots> {
    let Some(place) = slots.iter().position(|(slot, _)| *slot == Slot::Reason) else {
        // Otherwise an error that is already reported may be the cause.
        if errors.is_empty() {
            errors.at_span(Span::call_site(), "no reason: begin with a `Disconnect` or write `reason = ...`");
        }
        return None;
    };
    let (_, reason) = slots.swap_remove(place);
    Some(Slots { reason, others: slots })
}

#[cfg(test)]
mod tests {
    use super::is_swap;

    #[test]
    fn swapped_letters_are_a_misspelling() {
        assert!(is_swap("cdoe", "code"));
        for other in ["mode", "node", "codec", "coddd"] {
            assert!(!is_swap(other, "code"), "{other}");
        }
    }
}
