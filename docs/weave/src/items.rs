//! Finds the items of a source file by name, so that a chapter can quote them.
//!
//! ```text
//!   fn retry                 retry              struct, enum, trait, const, static, type, macro alike
//!   impl Park { fn wait }    Park::wait         the whole block: impl Park
//!   impl Drop for Park { .. }  <Park as Drop>::drop, or Park::drop while there is one only;  impl Drop for Park
//!   mod tests { fn a }       tests::a
//! ```
//!
//! `syn` parses the file. There a doc comment is an attribute and a plain comment is lost, so the lines above an
//! item are read from [`Source`].

use std::ops::Range;

use quote::ToTokens;
use syn::spanned::Spanned;

use crate::source::Source;

/// An item and its lines, counted from zero.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name: `Park::wait`, `<Park as Drop>::drop`.
    pub name: String,
    /// The shorter name of a method in a trait's impl: `Park::drop`.
    short: Option<String>,
    /// The lines with the comments and attributes above it.
    pub lines: Range<usize>,
    /// The lines without the comments above it.
    pub bare: Range<usize>,
}

impl Item {
    /// The name as an HTML id: `Park.Drop.drop`.
    pub fn id(&self) -> String {
        let text = self.name.replace(" as ", ".");
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// Returns the item called `name`.
///
/// # Errors
///
/// A message that there is no such item, or that there are several.
pub fn find(source: &Source, name: &str) -> Result<Item, String> {
    let all = items(source);
    let mut found: Vec<&Item> = all.iter().filter(|item| item.name == name).collect();
    if found.is_empty() {
        found = all.iter().filter(|item| item.short.as_deref() == Some(name)).collect();
    }
    match found[..] {
        [item] => Ok(item.clone()),
        [] => Err(format!("{} has no item {name}", source.path)),
        _ => Err(format!("{} has {} items {name}", source.path, found.len())),
    }
}

/// Returns all items, also those in impls, traits and modules, in the order of their first lines; none if the file
/// is not valid Rust.
pub fn items(source: &Source) -> Vec<Item> {
    let Ok(file) = syn::parse_file(&source.text) else {
        return Vec::new();
    };
    let mut found = Found { source, items: Vec::new() };
    file.items.into_iter().for_each(|item| found.item(item, &Within::File));
    found.items.sort_by_key(|item| (item.lines.start, std::cmp::Reverse(item.lines.end)));
    found.items
}

/// What encloses an item, as needed for its name.
enum Within {
    File,
    /// A module, a trait, or a type's own impl.
    Named(String),
    /// A trait's impl for a type.
    Impl {
        of: String,
        for_type: String,
    },
}

/// Records an item that has a name and attributes.
macro_rules! named {
    ($found:ident, $item:ident.$($name:ident).+, $within:expr) => {
        $found.push($item.$($name).+.to_string(), $item.attrs.clone(), $item, $within)
    };
}

struct Found<'a> {
    source: &'a Source,
    items: Vec<Item>,
}

impl Found<'_> {
    fn item(&mut self, item: syn::Item, within: &Within) {
        match item {
            syn::Item::Const(item) => named!(self, item.ident, within),
            syn::Item::Enum(item) => named!(self, item.ident, within),
            syn::Item::Fn(item) => named!(self, item.sig.ident, within),
            syn::Item::Static(item) => named!(self, item.ident, within),
            syn::Item::Struct(item) => named!(self, item.ident, within),
            syn::Item::Type(item) => named!(self, item.ident, within),
            syn::Item::Union(item) => named!(self, item.ident, within),
            syn::Item::Macro(item) => {
                let called = item.mac.path.segments.last().map(|last| format!("{}!", last.ident));
                let name = item.ident.as_ref().map(ToString::to_string).or(called).unwrap_or_default();
                self.push(name, item.attrs.clone(), item, within);
            }
            syn::Item::Mod(item) => {
                let name = item.ident.to_string();
                let inside = Within::Named(path(within, &name));
                let content = item.content.clone().into_iter().flat_map(|(_, items)| items);
                content.for_each(|item| self.item(item, &inside));
                self.push(name, item.attrs.clone(), item, within);
            }
            syn::Item::Trait(item) => {
                let name = item.ident.to_string();
                let inside = Within::Named(path(within, &name));
                for item in item.items.clone() {
                    match item {
                        syn::TraitItem::Const(item) => named!(self, item.ident, &inside),
                        syn::TraitItem::Fn(item) => named!(self, item.sig.ident, &inside),
                        syn::TraitItem::Type(item) => named!(self, item.ident, &inside),
                        _ => {}
                    }
                }
                self.push(name, item.attrs.clone(), item, within);
            }
            syn::Item::Impl(item) => {
                let for_type = type_name(&item.self_ty);
                let of = item
                    .trait_
                    .as_ref()
                    .and_then(|(_, path, _)| Some(path.segments.last()?.ident.to_string()));
                let (name, inside) = match of {
                    Some(of) => (format!("impl {of} for {for_type}"), Within::Impl { of, for_type }),
                    None => (format!("impl {for_type}"), Within::Named(path(within, &for_type))),
                };
                for item in item.items.clone() {
                    match item {
                        syn::ImplItem::Const(item) => named!(self, item.ident, &inside),
                        syn::ImplItem::Fn(item) => named!(self, item.sig.ident, &inside),
                        syn::ImplItem::Type(item) => named!(self, item.ident, &inside),
                        _ => {}
                    }
                }
                self.push(name, item.attrs.clone(), item, &Within::File);
            }
            _ => {}
        }
    }

    fn push(&mut self, name: String, attrs: Vec<syn::Attribute>, item: impl ToTokens, within: &Within) {
        let tokens = item.to_token_stream();
        let end = tokens.span().end().line;
        // An inner attribute is inside the item; a comment is an attribute too.
        let attrs = attrs.iter().filter(|attr| matches!(attr.style, syn::AttrStyle::Outer));
        let after = attrs.clone().next_back().map(|attr| attr.span().end());
        let mut starts = tokens.into_iter().map(|token| token.span().start());
        let word =
            starts.find(|start| after.is_none_or(|after| *start >= after)).map_or(end, |start| start.line);
        let named = attrs.filter(|attr| !attr.path().is_ident("doc")).map(|attr| attr.span().start().line);
        let first = named.min().unwrap_or(word).min(word) - 1;
        let above = (0..first).rev().take_while(|&line| self.is_comment_above(line)).last();
        let short = match within {
            Within::Impl { for_type, .. } => Some(format!("{for_type}::{name}")),
            Within::File | Within::Named(_) => None,
        };
        self.items.push(Item {
            name: path(within, &name),
            short,
            lines: above.unwrap_or(first)..end,
            bare: first..end,
        });
    }

    fn is_comment_above(&self, line: usize) -> bool {
        let line = &self.source.lines[line];
        line.code.trim().is_empty() && !line.comment.is_empty() && !line.comment.starts_with('!')
    }
}

/// A type's last name, without its parameters.
fn type_name(of: &syn::Type) -> String {
    match of {
        syn::Type::Path(path) => {
            path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
        }
        syn::Type::Reference(reference) => type_name(&reference.elem),
        other => other.to_token_stream().to_string(),
    }
}

fn path(within: &Within, name: &str) -> String {
    match within {
        Within::File => name.to_owned(),
        Within::Named(outer) => format!("{outer}::{name}"),
        Within::Impl { of, for_type } => format!("<{for_type} as {of}>::{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"//! A file.

use std::{fmt, io};

/// The most.
const MOST: [u8; 2] = [1, { 2 }];

/// A thing.
#[derive(Debug)]
pub(crate) struct Thing<T>(T);

impl<T: Fn() -> u8> Thing<T> {
    /// Makes one.
    // In two comments.
    #[inline]
    pub(crate) const fn new(of: T) -> Self {
        Self(of)
    }
}

unsafe impl<T> Send for Thing<T> {}

impl<T> fmt::Display for Thing<T>
where
    T: Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "}} {")
    }
}

impl<T> fmt::Debug for Thing<T> {
    fn fmt(&self) {}
}

thread_local! {
    static HERE: u8 = 1;
}

pub trait Way {
    fn go(&self);
}

#[cfg(test)]
mod tests {
    #[test]
    fn works() {}
}
"#;

    fn source() -> Source {
        Source::new("a/src/b.rs", TEXT.to_owned())
    }

    fn text(range: Range<usize>) -> String {
        TEXT.lines().skip(range.start).take(range.len()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn items_are_found_by_name_with_their_comments_or_without() {
        let source = source();
        let new = find(&source, "Thing::new").expect("a method");
        assert!(text(new.lines.clone()).starts_with("    /// Makes one."));
        assert!(text(new.lines).ends_with("        Self(of)\n    }"));
        assert!(text(new.bare).starts_with("    #[inline]"));
        assert_eq!(
            text(find(&source, "MOST").expect("a constant").bare),
            "const MOST: [u8; 2] = [1, { 2 }];"
        );
        let thing = find(&source, "Thing").expect("a struct");
        assert_eq!(text(thing.lines), "/// A thing.\n#[derive(Debug)]\npub(crate) struct Thing<T>(T);");
        assert_eq!(text(find(&source, "Way::go").expect("a trait's").bare), "    fn go(&self);");
        assert!(text(find(&source, "thread_local!").expect("a macro's").bare).ends_with("= 1;\n}"));
        assert_eq!(
            text(find(&source, "tests::works").expect("a test").bare),
            "    #[test]\n    fn works() {}"
        );
        assert!(
            text(find(&source, "impl Display for Thing").expect("an impl").bare)
                .starts_with("impl<T> fmt::Display")
        );
        assert_eq!(
            text(find(&source, "impl Send for Thing").expect("an impl").bare),
            "unsafe impl<T> Send for Thing<T> {}"
        );
    }

    #[test]
    fn a_short_name_must_be_the_only_one() {
        let source = source();
        let error = find(&source, "Thing::fmt").expect_err("there are two");
        assert_eq!(error, "a/src/b.rs has 2 items Thing::fmt");
        let full = find(&source, "<Thing as Display>::fmt").expect("one of them");
        assert!(text(full.bare.clone()).contains("write!"));
        assert_eq!(full.id(), "Thing.Display.fmt");
        assert_eq!(find(&source, "Thing::old").expect_err("none"), "a/src/b.rs has no item Thing::old");
    }
}
