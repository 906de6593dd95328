//! Phase two: options and items become one event that cannot be illegal.
//!
//! The only source of semantic errors. Each one stands at the smallest wrong token and says what to write instead.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};

use super::parse::{Item, Key, Written};
use crate::errors::Errors;
use crate::keys;
use crate::slots::Slot;
use crate::split::{punct, stream};
use crate::suggest;

/// One legal event.
pub(crate) struct Event {
    pub(crate) core: TokenStream,
    pub(crate) level: Level,
    pub(crate) target: Option<TokenStream>,
    pub(crate) parent: Option<TokenStream>,
    pub(crate) end: End,
    pub(crate) extras: Vec<Extra>,
    pub(crate) message: Literal,
}

/// How loud the line is.
pub(crate) enum Level {
    Stated(Ident),
    /// For an end that is expected, and for one that is not.
    Split([Ident; 2]),
}

/// Where the attribution comes from.
pub(crate) enum End {
    Record(TokenStream),
    Slots(Slots),
}

/// The attribution, written out at the site.
pub(crate) struct Slots {
    pub(crate) reason: TokenStream,
    others: Vec<(Slot, TokenStream)>,
}

impl Slots {
    pub(crate) fn get(&self, slot: Slot) -> Option<&TokenStream> {
        self.others.iter().find(|(other, _)| *other == slot).map(|(_, value)| value)
    }
}

/// A field beside the attribution.
pub(crate) enum Extra {
    /// A field of one's own, whose value keeps its `%` or `?`.
    Plain { key: Key, value: TokenStream },
    /// A category enum under a key of its own.
    Category { ty: TokenStream, value: TokenStream },
    /// Fields of an optional value.
    Group { value: TokenStream, members: Vec<Member> },
}

/// One field of a group.
pub(crate) struct Member {
    pub(crate) key: Key,
    /// `%` or `?`, as in a tracing field.
    pub(crate) sigil: Option<char>,
    /// What stands behind the value and a dot.
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
            extras.extend(as_extra(item, in_record, errors));
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
                    (None, Some(_)) => format!("a slot takes `=`: write `{other} = ...`"),
                    (None, None) => format!("unknown option `{other}:`; known are `level:`, `target:` and `parent:`"),
                };
                return errors.at(name, hint);
            }
        };
        if twice {
            errors.at(name, format!("`{name}:` is given twice"));
        }
    }
}

/// `DEBUG`, or `DEBUG | WARN`. A callsite is a static, so a level is a name and not a value.
fn level(name: &Ident, value: &TokenStream, errors: &mut Errors) -> Option<Level> {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    let levels: Vec<_> = tokens.split(|token| punct(token) == Some('|')).map(level_name).collect();
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

/// The name, or that at the end of a path.
fn level_name(tokens: &[TokenTree]) -> Option<Ident> {
    match tokens.last() {
        Some(TokenTree::Ident(word)) if is_level(word) => Some(word.clone()),
        _ => None,
    }
}

pub(crate) fn is_level(word: &Ident) -> bool {
    ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].iter().any(|level| word == level)
}

/// The message is the last item, and the only one of its kind.
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
            // Behind it, what has no name was an argument.
            let named = |item: &Item| matches!(item, Item::Named { .. } | Item::Category { .. } | Item::Group { .. });
            let mut position = 0..;
            items.retain(|item| position.next() < Some(place) || named(item));
            None
        }
        // Told where it stands as a field.
        None if items.iter().any(is_message_field) => None,
        None => {
            let place = items.last().map_or_else(Span::call_site, Item::span);
            errors.at_span(place, "the last item is the message, as one string literal");
            None
        }
    }
}

fn is_message_field(item: &Item) -> bool {
    matches!(item, Item::Named { key, .. } if key.name() == Some(keys::MESSAGE))
}

/// A first item that is neither `key = value` nor `field(...)` nor `group(...)` is a record.
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

/// Takes the item if it is a slot, and hands it back if not.
fn as_slot(item: Item, in_record: bool, slots: &mut Vec<(Slot, TokenStream)>, errors: &mut Errors) -> Option<Item> {
    let (key, value) = match item {
        Item::Named { key: key @ Key::Path(..), value } => (key, value),
        other => return Some(other),
    };
    let name = key.name().unwrap_or_default();
    match Slot::of_name(name) {
        Some(_) if in_record => {
            errors.at(&key, format!("a record carries its own {name}: set it there, with `.with_{name}(...)`"));
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

/// A category and a code are given as they are; only the detail is text.
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
            let members = fields.into_iter().filter_map(|field| member(field, in_record, errors)).collect();
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

const GROUP: &str = "write `group(option => a, b = path)`, with an optional value and the fields to log of it";

/// `name`, `%name`, `name = path` or `name = %path`.
fn member(item: Item, in_record: bool, errors: &mut Errors) -> Option<Member> {
    let place = item.span();
    let (key, value) = match item {
        Item::Named { key, value } => (key, value),
        // Without a path of its own, the name is the path.
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
        errors.at_span(place, "a field of a group is `name`, or `name = path` with fields or calls behind the value");
    }
    Some(Member { key, sigil, path: stream(&path) })
}

/// The keys of a group are those of fields of one's own; an unquoted slot stands outside.
fn check_group_key(key: &Key, in_record: bool, errors: &mut Errors) {
    match key {
        Key::Path(_, name) if Slot::of_name(name).is_some() => {
            errors.at(key, format!("`{name}` is a slot: as a field of your own, write `\"{name}\" = ...`"));
        }
        Key::Path(..) | Key::Quoted(..) => {
            check_own_key(key, in_record, errors);
            check_near_slot(key, in_record, errors);
        }
        // Held against ours by the compiler.
        Key::Constant(_) => {}
    }
}

/// `a.0.b`, also with calls: `a.b()`.
fn is_member_path(path: &[TokenTree]) -> bool {
    let mut parts = path.split(|token| punct(token) == Some('.'));
    parts.all(|part| match part {
        [TokenTree::Ident(_) | TokenTree::Literal(_)] => true,
        [TokenTree::Ident(_), TokenTree::Group(call)] => call.delimiter() == Delimiter::Parenthesis,
        _ => false,
    })
}

/// Our keys are written by the slots alone, and `message` by the message. A near one is meant, unless it is quoted.
fn check_own_key(key: &Key, in_record: bool, errors: &mut Errors) {
    let name = key.name().unwrap_or_default();
    if name == keys::MESSAGE {
        return errors.at(key, "the message is the literal at the end");
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
                "`{name}` is almost `{near}`, which the event writes itself: {instead}. As a field of your own, write \
                 `\"{name}\" = ...`"
            ),
        );
    }
}

/// What to write instead of a key of ours.
fn instead_of(key: &str, in_record: bool) -> String {
    let slot = Slot::of_key(key).unwrap_or(Slot::Reason).name();
    match (key, in_record) {
        (keys::EXPECTED, _) => "it follows from the reason".to_owned(),
        (keys::REASON, true) => "it is the record's own".to_owned(),
        (_, true) => format!("set it on the record, with `.with_{slot}(...)`"),
        (_, false) => format!("write `{slot} = ...`"),
    }
}

/// `initator = ...` was meant as a slot. A quoted key says that it was not.
fn check_near_slot(key: &Key, in_record: bool, errors: &mut Errors) {
    let Key::Path(_, name) = key else { return };
    let Some(near) = suggest::one_edit_from(name, &Slot::ALL.map(Slot::name)) else { return };
    // Four letters have too many honest neighbours: `node`, `mode`, `core`, `codec`.
    let honest = near.len() <= 4 && name.len() >= near.len() && !is_swap(name, near);
    if !in_record && !honest {
        errors.at(
            key,
            format!("unknown slot `{name}`; did you mean `{near}`? As a field of your own, write `\"{name}\" = ...`"),
        );
    }
}

fn check_extra_value(key: &Key, value: &TokenStream, errors: &mut Errors) {
    let name = key.name().unwrap_or("{ ... }");
    let mut tokens = value.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (None, _) => errors.at(key, format!("`{name} =` needs a value")),
        (Some(TokenTree::Ident(word)), None) if name == "level" && is_level(&word) => {
            errors.at(key, format!("the level is no field: write `level: {word}`, before everything else"));
        }
        _ => {}
    }
}

fn is_swap(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(a) == sorted(b)
}

fn into_slots(mut slots: Vec<(Slot, TokenStream)>, errors: &mut Errors) -> Option<Slots> {
    let Some(place) = slots.iter().position(|(slot, _)| *slot == Slot::Reason) else {
        // Otherwise a mistake told already may have been the reason.
        if errors.is_empty() {
            errors.at_span(Span::call_site(), "no reason: begin with a `Disconnect` or write `reason = ...`");
        }
        return None;
    };
    let (_, reason) = slots.swap_remove(place);
    Some(Slots { reason, others: slots })
}
