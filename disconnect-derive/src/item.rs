//! Reads the item of a derive. The compiler has parsed the item already, so its syntax is valid.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::list::list;
use crate::literal::Text;
use crate::split::{at_commas, is_joint, punct, stream};

/// A struct, an enum or a union.
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attr>,
    pub(crate) vis: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) data: Data,
}

pub(crate) enum Data {
    Enum(Vec<Variant>),
    /// With the place of the keyword, as for a union.
    Struct(Span, Fields),
    Union(Span),
}

pub(crate) struct Variant {
    pub(crate) attrs: Vec<Attr>,
    pub(crate) ident: Ident,
    pub(crate) fields: Fields,
    pub(crate) has_discriminant: bool,
}

/// The fields with the group that contains them. `None` for a unit.
pub(crate) struct Fields(pub(crate) Option<(Group, Vec<Field>)>);

pub(crate) struct Field {
    pub(crate) attrs: Vec<Attr>,
    pub(crate) ident: Option<Ident>,
    pub(crate) ty: TokenStream,
}

/// `#[name]`, `#[name(...)]` or `#[name = value]`.
pub(crate) struct Attr {
    /// `None` for a path of several segments.
    pub(crate) name: Option<Ident>,
    pub(crate) arguments: Arguments,
    /// All tokens in the brackets.
    pub(crate) whole: TokenStream,
}

pub(crate) enum Arguments {
    None,
    Group(Group),
    Value(TokenStream),
}

/// `<'a, T: Bound = Default, const N: usize>`, and the bounds after `where`.
#[derive(Default)]
pub(crate) struct Generics {
    whole: TokenStream,
    pub(crate) params: Vec<Param>,
    /// Without a trailing comma.
    pub(crate) bounds: TokenStream,
}

pub(crate) struct Param {
    /// The declaration without the default.
    declaration: TokenStream,
    /// With the `'` of a lifetime.
    name: TokenStream,
    /// The name of a type parameter.
    pub(crate) ident: Option<Ident>,
}

impl Item {
    /// `None` for any other item.
    pub(crate) fn parse(input: TokenStream) -> Option<Self> {
        let mut tokens = Tokens::of(input);
        let attrs = tokens.attrs();
        let vis = tokens.vis();
        let keyword = tokens.ident()?;
        let ident = tokens.ident()?;
        let mut generics = tokens.generics();
        let (body, bounds) = body(tokens.rest());
        generics.bounds = bounds;
        let data = match keyword.to_string().as_str() {
            "enum" => Data::Enum(list(at_commas(body?.stream().into_iter().collect()).into_iter().filter_map(variant))),
            "struct" => Data::Struct(keyword.span(), Fields::of(body)),
            "union" => Data::Union(keyword.span()),
            _ => return None,
        };
        Some(Self { attrs, vis, ident, generics, data })
    }
}

/// The group of fields or variants, and the bounds, which are before braces and after the parentheses of a tuple.
fn body(mut rest: Vec<TokenTree>) -> (Option<Group>, TokenStream) {
    let group = match (rest.first(), rest.last()) {
        (Some(TokenTree::Group(first)), Some(last)) if punct(last) == Some(';') => Some(first.clone()),
        (_, Some(TokenTree::Group(last))) => Some(last.clone()),
        _ => None,
    };
    let start = rest.iter().position(|token| is_word(token, "where")).map_or(rest.len(), |place| place + 1);
    // Remove the semicolon or the group.
    rest.pop();
    if rest.last().and_then(punct) == Some(',') {
        rest.pop();
    }
    (group, stream(rest.get(start..).unwrap_or_default()))
}

fn variant(tokens: Vec<TokenTree>) -> Option<Variant> {
    let mut tokens = Tokens(tokens.into_iter().peekable());
    let attrs = tokens.attrs();
    tokens.vis();
    let ident = tokens.ident()?;
    let fields = match tokens.0.next_if(|token| matches!(token, TokenTree::Group(_))) {
        Some(TokenTree::Group(group)) => Fields::of(Some(group)),
        _ => Fields::of(None),
    };
    Some(Variant { attrs, ident, fields, has_discriminant: tokens.0.next().is_some() })
}

impl Fields {
    fn of(group: Option<Group>) -> Self {
        Self(group.map(|group| {
            let is_named = group.delimiter() == Delimiter::Brace;
            let fields = at_type_commas(group.stream());
            let fields = list(fields.into_iter().filter_map(|tokens| Field::parse(tokens, is_named)));
            (group, fields)
        }))
    }

    pub(crate) fn into_fields(self) -> Vec<Field> {
        self.0.map(|(_, fields)| fields).unwrap_or_default()
    }

    pub(crate) fn is_unit(&self) -> bool {
        self.0.is_none()
    }
}

impl Field {
    fn parse(tokens: Vec<TokenTree>, is_named: bool) -> Option<Self> {
        let mut tokens = Tokens(tokens.into_iter().peekable());
        let attrs = tokens.attrs();
        tokens.vis();
        let ident = if is_named { Some(tokens.ident()?) } else { None };
        if is_named {
            tokens.0.next(); // the `:`
        }
        Some(Self { attrs, ident, ty: stream(&tokens.rest()) })
    }
}

impl Attr {
    fn of(inside: &Group) -> Self {
        let tokens = opened(inside.stream());
        let (name, arguments) = match &tokens[..] {
            [TokenTree::Ident(name)] => (Some(name), Arguments::None),
            [TokenTree::Ident(name), TokenTree::Group(group)] => (Some(name), Arguments::Group(group.clone())),
            [TokenTree::Ident(name), equals, value @ ..] if punct(equals) == Some('=') => {
                (Some(name), Arguments::Value(stream(value)))
            }
            _ => (None, Arguments::None),
        };
        Self { name: name.cloned(), arguments, whole: stream(&tokens) }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own == name)
    }

    /// The place of the name.
    pub(crate) fn place(&self) -> Span {
        self.name.as_ref().map_or_else(Span::call_site, Ident::span)
    }

    /// The group of `#[name(...)]`. `None` for the other forms.
    pub(crate) fn list(&self) -> Option<&Group> {
        match &self.arguments {
            Arguments::Group(group) => Some(group),
            Arguments::None | Arguments::Value(_) => None,
        }
    }

    /// The text of `#[name("...")]`. `None` for anything else.
    pub(crate) fn text(&self) -> Option<Text> {
        match &opened(self.list()?.stream())[..] {
            [TokenTree::Literal(literal)] => Text::of(literal),
            [TokenTree::Literal(literal), comma] if punct(comma) == Some(',') => Text::of(literal),
            _ => None,
        }
    }
}

impl Generics {
    /// The parameters after `impl`, and the arguments after the name of the type.
    pub(crate) fn split(&self) -> [TokenStream; 2] {
        if self.params.is_empty() {
            return [TokenStream::new(), TokenStream::new()];
        }
        let declarations = self.params.iter().map(|param| &param.declaration);
        let names = self.params.iter().map(|param| &param.name);
        [quote!(<#(#declarations),*>), quote!(<#(#names),*>)]
    }

    /// Empty if there are no bounds.
    pub(crate) fn where_clause(&self) -> TokenStream {
        let bounds = &self.bounds;
        if bounds.is_empty() { TokenStream::new() } else { quote!(where #bounds) }
    }
}

impl ToTokens for Generics {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.whole.to_tokens(tokens);
    }
}

impl Param {
    fn parse(tokens: Vec<TokenTree>) -> Option<Self> {
        let mut tokens = Tokens(tokens.into_iter().peekable());
        tokens.attrs();
        let tokens: Vec<TokenTree> = tokens.rest();
        let (name, ident) = match &tokens[..] {
            [TokenTree::Punct(mark), TokenTree::Ident(name), ..] => (quote!(#mark #name), None),
            [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "const" => (quote!(#name), None),
            [TokenTree::Ident(name), ..] => (quote!(#name), Some(name.clone())),
            _ => return None,
        };
        let mut depth = Depth::default();
        let is_default = |token: &TokenTree| !depth.enters(token) && punct(token) == Some('=');
        let end = tokens.iter().position(is_default).unwrap_or(tokens.len());
        Some(Self { declaration: stream(&tokens[..end]), name, ident })
    }
}

/// The number of open generic lists. In a type, every `<` opens one.
#[derive(Default)]
pub(crate) struct Depth {
    open: usize,
    after_dash: bool,
}

impl Depth {
    /// Whether the token is in a generic list, including its `<` and `>`.
    pub(crate) fn enters(&mut self, token: &TokenTree) -> bool {
        let before = self.open;
        match punct(token) {
            Some('<') => self.open += 1,
            Some('>') if !self.after_dash => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        self.after_dash = is_joint(token) && punct(token) == Some('-');
        before > 0 || self.open > 0
    }
}

/// Splits types or generic parameters at top-level commas.
pub(crate) fn at_type_commas(types: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let mut current = Vec::new();
    let mut depth = Depth::default();
    for token in types {
        if !depth.enters(&token) && punct(&token) == Some(',') {
            items.push(std::mem::take(&mut current));
        } else {
            current.push(token);
        }
    }
    if !current.is_empty() {
        items.push(current);
    }
    items
}

/// Unwraps the invisible groups around tokens from another macro.
pub(crate) fn opened(grouped: TokenStream) -> Vec<TokenTree> {
    let mut tokens = Vec::new();
    for token in grouped {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => tokens.extend(opened(group.stream())),
            token => tokens.push(token),
        }
    }
    tokens
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// Whether the token is a restriction after `pub`, such as `(crate)`. Other parentheses are the type of a field.
fn is_restriction(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut inside = group.stream().into_iter();
    let first = inside.next();
    let is_one_of = |words: &[&str]| words.iter().any(|word| first.as_ref().is_some_and(|first| is_word(first, word)));
    group.delimiter() == Delimiter::Parenthesis
        && (is_one_of(&["in"]) || (is_one_of(&["crate", "self", "super"]) && inside.next().is_none()))
}

/// Whether the token is a visibility in the invisible group of another macro. The visibility may be empty.
fn is_invisible_vis(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    group.delimiter() == Delimiter::None && group.stream().into_iter().next().is_none_or(|first| is_word(&first, "pub"))
}

/// The unread tokens of an item.
struct Tokens(std::iter::Peekable<std::vec::IntoIter<TokenTree>>);

impl Tokens {
    fn of(item: TokenStream) -> Self {
        Self(opened(item).into_iter().peekable())
    }

    fn attrs(&mut self) -> Vec<Attr> {
        let mut attrs = Vec::new();
        while self.0.next_if(|token| punct(token) == Some('#')).is_some() {
            if let Some(TokenTree::Group(inside)) = self.0.next() {
                attrs.push(Attr::of(&inside));
            }
        }
        attrs
    }

    fn vis(&mut self) -> TokenStream {
        let mut vis = Vec::new();
        if let Some(through_a_macro) = self.0.next_if(is_invisible_vis) {
            return through_a_macro.into();
        }
        if let Some(word) = self.0.next_if(|token| is_word(token, "pub")) {
            vis.push(word);
            if let Some(restriction) = self.0.next_if(is_restriction) {
                vis.push(restriction);
            }
        }
        stream(&vis)
    }

    fn ident(&mut self) -> Option<Ident> {
        match self.0.next()? {
            TokenTree::Ident(ident) => Some(ident),
            TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
        }
    }

    fn generics(&mut self) -> Generics {
        let mut whole: Vec<TokenTree> = Vec::new();
        let mut depth = Depth::default();
        while let Some(token) = self.0.next_if(|token| depth.enters(token)) {
            whole.push(token);
        }
        let inside = if let [_, inside @ .., _] = &whole[..] { inside } else { &[] };
        let params = list(at_type_commas(stream(inside)).into_iter().filter_map(Param::parse));
        Generics { params, whole: stream(&whole), bounds: TokenStream::new() }
    }

    fn rest(self) -> Vec<TokenTree> {
        self.0.collect()
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use proc_macro2::{Delimiter, Group, TokenStream};
    use quote::{ToTokens, quote};
    use syn::visit::Visit;

    use super::{Data, Fields, Item};

    /// Reads every type in the sources of this repository as `syn` does. `ITEMS_OF=FOLDER` reads those of a folder.
    #[test]
    fn every_item_is_read_as_syn_reads_it() {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = env::var_os("ITEMS_OF").map_or(repository, PathBuf::from);
        let mut items = Items::default();
        sources(&folder, &mut |source| {
            // A fixture may be broken on purpose.
            if let Ok(file) = syn::parse_file(source) {
                items.visit_file(&file);
            }
        });
        println!("{} items", items.count);
        assert!(items.differences.is_empty(), "{}", items.differences.join("\n"));
        // The package alone holds fewer than the repository.
        assert!(items.count > 20, "{} items", items.count);
    }

    /// What `macro_rules!` passes on is in invisible groups: `$vis enum $name`, `struct $name($vis $type);`.
    #[test]
    fn what_another_macro_passes_on_is_read() {
        let group = |tokens: &TokenStream| Group::new(Delimiter::None, tokens.clone());
        for vis in [quote!(), quote!(pub), quote!(pub(crate)), quote!(pub(in a::b))] {
            let (vis, name, ty) = (group(&vis), group(&quote!(Ending)), group(&quote!(Vec<u8>)));
            let item = Item::parse(quote!(#vis struct #name(#vis #ty, #ty);)).unwrap();
            assert_eq!(item.ident, "Ending");
            let Data::Struct(_, Fields(Some((_, fields)))) = item.data else { panic!("{vis}") };
            let types: Vec<String> = fields.iter().map(|field| field.ty.to_string().replace(' ', "")).collect();
            assert_eq!(types, ["Vec<u8>"; 2], "{vis}");
            let item = Item::parse(quote!(#vis enum #name { #name(#ty), Other })).unwrap();
            let Data::Enum(variants) = item.data else { panic!("{vis}") };
            assert_eq!(
                variants.iter().map(|variant| variant.ident.to_string()).collect::<Vec<_>>(),
                ["Ending", "Other"]
            );
        }
    }

    /// Calls `read` with each Rust file below a folder, without what is built.
    fn sources(folder: &Path, read: &mut impl FnMut(&str)) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && name != "target" && name != ".git" {
                sources(&path, read);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                if let Ok(source) = fs::read_to_string(&path) {
                    read(&source);
                }
            }
        }
    }

    #[derive(Default)]
    struct Items {
        count: usize,
        differences: Vec<String>,
    }

    impl<'ast> Visit<'ast> for Items {
        fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
            self.compare(&item.clone().into());
        }

        fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
            self.compare(&item.clone().into());
        }

        fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
            self.compare(&item.clone().into());
        }
    }

    impl Items {
        fn compare(&mut self, theirs: &syn::DeriveInput) {
            let source = theirs.to_token_stream();
            let ours = Item::parse(source.clone()).as_ref().map(by_us);
            let theirs = by_syn(theirs);
            if ours.as_ref() != Some(&theirs) {
                self.differences.push(format!("{source}\n  read:     {ours:?}\n  expected: {theirs:?}"));
            }
            self.count += 1;
        }
    }

    fn by_us(item: &Item) -> Vec<String> {
        let [declarations, names] = item.generics.split();
        let bounds = item.generics.where_clause();
        let mut read = texts(&[item.vis.clone(), item.ident.to_token_stream(), declarations, names, bounds]);
        read.extend(item.attrs.iter().map(|attr| attr.whole.to_string()));
        match &item.data {
            Data::Enum(variants) => {
                for variant in variants {
                    read.push(format!("{} {}", variant.ident, variant.has_discriminant));
                    read.extend(variant.attrs.iter().map(|attr| attr.whole.to_string()));
                    read.extend(our_fields(&variant.fields));
                }
            }
            Data::Struct(_, fields) => read.extend(our_fields(fields)),
            Data::Union(_) => {}
        }
        read
    }

    fn our_fields(fields: &Fields) -> Vec<String> {
        let fields = fields.0.iter().flat_map(|(_, fields)| fields);
        fields
            .flat_map(|field| {
                field_texts(field.ident.as_ref(), &field.ty, field.attrs.iter().map(|attr| attr.whole.clone()))
            })
            .collect()
    }

    fn by_syn(item: &syn::DeriveInput) -> Vec<String> {
        let (declarations, names, bounds) = item.generics.split_for_impl();
        let [vis, ident] = [item.vis.to_token_stream(), item.ident.to_token_stream()];
        let bounds = bounds.map_or_else(TokenStream::new, |bounds| {
            let predicates = bounds.predicates.iter();
            if bounds.predicates.is_empty() { TokenStream::new() } else { quote!(where #(#predicates),*) }
        });
        let mut read = texts(&[vis, ident, declarations.to_token_stream(), names.to_token_stream(), bounds]);
        read.extend(item.attrs.iter().map(|attr| attr.meta.to_token_stream().to_string()));
        match &item.data {
            syn::Data::Enum(data) => {
                for variant in &data.variants {
                    read.push(format!("{} {}", variant.ident, variant.discriminant.is_some()));
                    read.extend(variant.attrs.iter().map(|attr| attr.meta.to_token_stream().to_string()));
                    read.extend(their_fields(&variant.fields));
                }
            }
            syn::Data::Struct(data) => read.extend(their_fields(&data.fields)),
            syn::Data::Union(_) => {}
        }
        read
    }

    fn their_fields(fields: &syn::Fields) -> Vec<String> {
        let texts = |field: &syn::Field| {
            let attrs = field.attrs.iter().map(|attr| attr.meta.to_token_stream());
            field_texts(field.ident.as_ref(), &field.ty.to_token_stream(), attrs)
        };
        fields.iter().flat_map(texts).collect()
    }

    fn field_texts(
        ident: Option<&syn::Ident>,
        ty: &TokenStream,
        attrs: impl Iterator<Item = TokenStream>,
    ) -> Vec<String> {
        let name = ident.map_or_else(String::new, ToString::to_string);
        [name, ty.to_string()].into_iter().chain(attrs.map(|attr| attr.to_string())).collect()
    }

    fn texts<const N: usize>(streams: &[TokenStream; N]) -> Vec<String> {
        streams.iter().map(ToString::to_string).collect()
    }
}
