//! Phase three: turns the event into code. This phase cannot fail.
//!
//! Every conversion is inside the arguments of `tracing::event!`, which tracing evaluates only if the event is enabled.
//! Only the value that selects the level is evaluated before.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use super::model::{End, Event, Extra, Level, Member, Slots};
use super::parse::Key;
use crate::list::list;
use crate::slots::Slot;
use crate::split::{punct, stream};

pub(crate) fn expand(event: &Event) -> TokenStream {
    let core = &event.core;
    let private = quote!(#core::__private);
    let attribution = Attribution::of(&event.end, &private);
    let end = &attribution.end;
    let checks = event.extras.iter().map(|extra| key_checks(extra, &private));
    let locals = event.extras.iter().enumerate().filter_map(|(i, extra)| local(i, extra));
    let body = match &event.level {
        Level::Stated(level) => {
            let call = call(event, &private, level, &attribution.fields(Evaluated::Inside));
            quote!(let #end; #call)
        }
        Level::Split(levels) => {
            let Attribution { value, is_info, .. } = &attribution;
            let fields = attribution.fields(Evaluated::Before);
            let [expected, unexpected] = levels.each_ref().map(|level| call(event, &private, level, &fields));
            quote!(match #value { #end => if #is_info { #expected } else { #unexpected } })
        }
    };
    quote!({ #(#checks)* #(let #locals;)* #body })
}

/// Generates one `tracing::event!`.
fn call(event: &Event, private: &TokenStream, level: &Ident, fields: &TokenStream) -> TokenStream {
    let target = event.target.clone().unwrap_or_else(|| quote!(#private::module_path!()));
    let parent = event.parent.as_ref().map(|parent| quote!(parent: #parent,));
    let message = &event.message;
    let extras =
        event.extras.iter().enumerate().map(|(i, extra)| extra_fields(extra, local(i, extra).as_ref(), private));
    quote! {
        #private::tracing_event!(name: "disconnect", target: #target, #parent #private::Level::#level, {
            "message" = #private::format_args!(#message), #fields #(, #extras)*
        })
    }
}

/// The local that holds the value of `field(Type = value)` or `group(...)`.
fn local(position: usize, extra: &Extra) -> Option<Ident> {
    match extra {
        Extra::Plain { .. } => None,
        Extra::Category { .. } | Extra::Group { .. } => {
            Some(Ident::new(&format!("extra{position}"), Span::mixed_site()))
        }
    }
}

/// The fields of one item.
fn extra_fields(extra: &Extra, local: Option<&Ident>, private: &TokenStream) -> TokenStream {
    match extra {
        Extra::Plain { key, value } => {
            let (key, value) = (field_name(key), own_value(value, private));
            quote!(#key = #value)
        }
        Extra::Category { ty, value } => {
            let lookup = lookup(ty, private);
            quote! {
                { <#ty as #private::DisconnectField>::FIELD } =
                    (#local = #private::event::given::<#ty>(#value).map(#lookup), #private::event::value(#local)).1,
                { <#ty as #private::DisconnectField>::EXPECTED_KEY } = #private::event::expected_flag(#local)
            }
        }
        Extra::Group { value, members } => {
            let value = borrowed(value);
            let members = members.iter().enumerate().map(|(i, member)| {
                let key = field_name(&member.key);
                let read = read(member, local, private);
                // The first field evaluates the value for all fields of the item.
                if i == 0 {
                    quote!(#key = (#local = #private::event::group(#value), #read).1)
                } else {
                    quote!(#key = #read)
                }
            });
            quote!(#(#members),*)
        }
    }
}

/// The name of a user's field. A path becomes a text, because tracing's macro declares two constants for each path.
fn field_name(key: &Key) -> TokenStream {
    match key {
        Key::Path(_, name) => {
            let mut name = Literal::string(name);
            name.set_span(key.span());
            quote!(#name)
        }
        Key::Quoted(..) | Key::Constant(_) => quote!(#key),
    }
}

/// The value of a user's field. Values with `%` or `?` stay as they are.
fn own_value(value: &TokenStream, private: &TokenStream) -> TokenStream {
    let sigil = value.clone().into_iter().next().as_ref().and_then(punct);
    if matches!(sigil, Some('%' | '?')) {
        return value.clone();
    }
    let value = borrowed(value);
    quote!(#private::event::own_value(#value))
}

/// Reads one field of an optional value.
fn read(member: &Member, local: Option<&Ident>, private: &TokenStream) -> TokenStream {
    let Member { sigil, path, .. } = member;
    let value = Ident::new("value", Span::mixed_site());
    // The result of a call is a new value and cannot borrow from the group's value.
    let is_call = matches!(path.clone().into_iter().last(), Some(TokenTree::Group(_)));
    let ampersand = (!is_call).then(|| quote!(&));
    let field = quote!(#ampersand #value.#path);
    match sigil {
        Some('%') => quote!(#local.map(|#value| #private::display(#field))),
        Some(_) => quote!(#local.map(|#value| #private::debug(#field))),
        None => quote!(#local.map(|#value| #field)),
    }
}

/// Looks up the row of a category. Has the span of the type, so that the compiler reports a type that is no category
/// there.
fn lookup(ty: &TokenStream, private: &TokenStream) -> TokenStream {
    let place = ty.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    quote_spanned!(place=> <#ty as #private::DisconnectField>::category)
}

/// Checks that are left to the compiler: whether a constant key equals a key of the event.
fn key_checks(extra: &Extra, private: &TokenStream) -> TokenStream {
    let keys = match extra {
        Extra::Plain { key, .. } => list(key.constant().into_iter()),
        Extra::Category { ty, .. } => vec![quote!(<#ty as #private::DisconnectField>::FIELD)],
        Extra::Group { members, .. } => list(members.iter().filter_map(|member| member.key.constant())),
    };
    quote!(#(const _: () = #private::event::own_key(#keys);)*)
}

/// When the record or the reason is evaluated.
#[derive(Clone, Copy, PartialEq)]
enum Evaluated {
    /// Before the event, because it selects the level.
    Before,
    /// In the first field that needs it.
    Inside,
}

/// The attribution fields. They read a local that holds the record or the category of the reason.
struct Attribution<'a> {
    source: &'a End,
    private: &'a TokenStream,
    /// The local. Its hygiene keeps it invisible to the user's expressions.
    end: Ident,
    value: TokenStream,
    is_info: TokenStream,
}

impl<'a> Attribution<'a> {
    fn of(source: &'a End, private: &'a TokenStream) -> Self {
        let end = Ident::new("end", Span::mixed_site());
        let (value, is_info) = match source {
            End::Record(record) => {
                let record = borrowed(record);
                (quote!(#private::event::record(#record)), quote!(#private::event::is_info(#end)))
            }
            End::Slots(slots) => {
                let reason = &slots.reason;
                (quote!(#private::event::reason(#reason)), quote!(#end.is_expected()))
            }
        };
        Self { source, private, end, value, is_info }
    }

    fn fields(&self, evaluated: Evaluated) -> TokenStream {
        match self.source {
            End::Record(_) => self.of_record(evaluated),
            End::Slots(slots) => self.of_slots(slots, evaluated),
        }
    }

    /// The first read of the local. It also assigns the local.
    fn first(&self, evaluated: Evaluated, read: &TokenStream) -> TokenStream {
        let Self { end, value, .. } = self;
        match evaluated {
            Evaluated::Before => read.clone(),
            // A tuple instead of a block: temporaries of `value` then live as long as the event's arguments.
            Evaluated::Inside => quote!((#end = #value, #read).1),
        }
    }

    fn of_record(&self, evaluated: Evaluated) -> TokenStream {
        let Self { private, end, .. } = self;
        let direction = self.first(evaluated, &quote!(#private::event::value(#end.direction())));
        quote! {
            "connect_type" = #direction,
            "disconnect_reason" = #end.reason().value,
            "disconnect_expected" = #end.expected(),
            "disconnect_initiator" = #private::event::value(#end.initiator()),
            "connection_method" = #private::event::value(#end.method()),
            "disconnect_cause" = #private::event::value(#end.cause()),
            "disconnect_code" = #private::event::record_code(#end).as_str(),
            "disconnect_detail" = #end.detail()
        }
    }

    fn of_slots(&self, slots: &Slots, evaluated: Evaluated) -> TokenStream {
        let Self { private, end, .. } = self;
        let fields = Slot::ALL.iter().copied().filter_map(|slot| {
            let key = slot.key();
            let convert = format_ident!("{}", slot.name());
            match slot {
                Slot::Reason => {
                    let reason = self.first(evaluated, &quote!(#end.value));
                    let expected = crate::keys::EXPECTED;
                    Some(quote!(#key = #reason, #expected = #end.is_expected()))
                }
                Slot::Direction | Slot::Initiator | Slot::Method | Slot::Cause => {
                    let value = slots.get(slot)?;
                    Some(quote!(#key = #private::event::#convert(#value)))
                }
                Slot::Code => {
                    let value = slots.get(slot)?;
                    Some(quote!(#key = #private::event::code(#value).as_str()))
                }
                Slot::Detail => {
                    let value = slots.get(slot)?;
                    let text = text(value, private);
                    Some(quote!(#key = #private::event::detail(#text).as_str()))
                }
            }
        });
        quote!(#(#fields),*)
    }
}

/// The detail, which may have a `%` or `?` as in a tracing field.
fn text(value: &TokenStream, private: &TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = value.clone().into_iter().collect();
    let format = match tokens.first().and_then(punct) {
        Some('%') => "{}",
        Some('?') => "{:?}",
        _ => return borrowed(value),
    };
    let rest = stream(&tokens[1..]);
    quote!(&#private::format_args!(#format, #rest))
}

/// `&(value)` with the span of the value, so that type errors are reported at the value and not at the whole call.
pub(crate) fn borrowed(value: &TokenStream) -> TokenStream {
    let mut spans = value.clone().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let last = spans.last().unwrap_or(first);
    let mut ampersand = Punct::new('&', Spacing::Alone);
    ampersand.set_span(first);
    let mut group = Group::new(Delimiter::Parenthesis, value.clone());
    group.set_span(last);
    stream(&[ampersand.into(), group.into()])
}
