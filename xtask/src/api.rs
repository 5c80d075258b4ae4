//! `cargo xtask api`: the public surface of the crate `redrive`, as a file that reviews can read.
//!
//! `docs/public-api.txt` lists every public item without its body and its documentation. A change of
//! the surface is a change of that file, so it is seen before it is released. The source is parsed,
//! not compiled: the file is the same with every compiler and every set of features.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use syn::{
    Attribute, Field, Fields, File, ImplItem, Item, ItemMod, TraitItem, Visibility, parse_quote,
};

use crate::{process::say, repo};

const SNAPSHOT: &str = "docs/public-api.txt";

/// Compare the public surface of `redrive` with docs/public-api.txt, or write it anew
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the file
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.bless {
        let path = repo::root().join(SNAPSHOT);
        fs::write(&path, surface()?).with_context(|| repo::shown(&path))?;
        say(&format!("wrote {SNAPSHOT}"));
        return Ok(());
    }
    say(&check()?);
    Ok(())
}

/// Refuses a surface that is not the one in the file.
pub(crate) fn check() -> Result<String> {
    let path = repo::root().join(SNAPSHOT);
    let old = fs::read_to_string(&path).with_context(|| repo::shown(&path))?;
    let new = surface()?;
    if let Some(line) = first_difference(&old, &new) {
        bail!(
            "the public surface of redrive is not that of {SNAPSHOT}, from line {line} on; if that \
             is meant: cargo xtask api --bless, and say it in CHANGELOG.md"
        );
    }
    let items = new.lines().filter(|line| line.trim_start().starts_with("pub ")).count();
    Ok(format!("{items} public items"))
}

fn first_difference(old: &str, new: &str) -> Option<usize> {
    if old == new {
        return None;
    }
    let same = old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count();
    Some(same + 1)
}

fn surface() -> Result<String> {
    let mut text = String::new();
    module("redrive", &repo::root().join("src/lib.rs"), &mut text)?;
    Ok(text)
}

/// Appends what the file of a module makes public, then the modules below it.
fn module(path: &str, file: &Path, text: &mut String) -> Result<()> {
    let source = fs::read_to_string(file).with_context(|| repo::shown(file))?;
    let parsed = syn::parse_file(&source).with_context(|| repo::shown(file))?;
    let (modules, items): (Vec<Item>, Vec<Item>) =
        parsed.items.into_iter().partition(|item| matches!(item, Item::Mod(_)));
    let items: Vec<Item> = items.into_iter().filter_map(public).collect();
    if !items.is_empty() {
        let body = prettyplease::unparse(&File { shebang: None, attrs: Vec::new(), items });
        text.push_str(&format!("\n# {path}\n\n{body}"));
    }
    for item in modules {
        let Item::Mod(ItemMod { attrs, ident, content: None, .. }) = item else { continue };
        if is_hidden(&attrs) {
            continue;
        }
        module(&format!("{path}::{ident}"), &file_of(file, &attrs, &ident.to_string())?, text)?;
    }
    Ok(())
}

/// Where the source of a child module is.
fn file_of(parent: &Path, attrs: &[Attribute], name: &str) -> Result<PathBuf> {
    if let Some(attr) = attrs.iter().find(|attr| attr.path().is_ident("path")) {
        bail!("{name}: modules with a path of their own are not followed ({:?})", attr.path());
    }
    let stem = parent.file_stem().unwrap_or_default();
    let folder = match parent.parent() {
        Some(folder) if stem == "lib" || stem == "mod" => folder.to_path_buf(),
        Some(folder) => folder.join(stem),
        None => PathBuf::new(),
    };
    let flat = folder.join(format!("{name}.rs"));
    Ok(if flat.is_file() { flat } else { folder.join(name).join("mod.rs") })
}

/// Tests, and what the documentation hides.
fn is_hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let words = quote::quote!(#attr).to_string();
        words.contains("cfg (test)") || words.contains("doc (hidden)")
    })
}

/// Only what a caller has to know: whether more may come, and under which feature it is there.
fn bare(attrs: &mut Vec<Attribute>) {
    attrs.retain(|attr| attr.path().is_ident("non_exhaustive") || attr.path().is_ident("cfg"));
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// The item without what is private; nothing if all of it is.
fn public(item: Item) -> Option<Item> {
    match item {
        Item::Fn(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            item.block = parse_quote!({});
            Some(Item::Fn(item))
        }
        Item::Struct(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            public_fields(&mut item.fields);
            Some(Item::Struct(item))
        }
        Item::Enum(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            for variant in &mut item.variants {
                bare(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| bare(&mut field.attrs));
            }
            Some(Item::Enum(item))
        }
        Item::Trait(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            for member in &mut item.items {
                if let TraitItem::Fn(method) = member {
                    bare(&mut method.attrs);
                    if method.default.is_some() {
                        method.default = Some(parse_quote!({}));
                    }
                }
            }
            Some(Item::Trait(item))
        }
        Item::Const(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            *item.expr = parse_quote!(..);
            Some(Item::Const(item))
        }
        Item::Type(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            Some(Item::Type(item))
        }
        Item::Use(mut item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
            bare(&mut item.attrs);
            Some(Item::Use(item))
        }
        Item::Impl(item) => public_methods(item).map(Item::Impl),
        _ => None,
    }
}

fn public_fields(fields: &mut Fields) {
    match fields {
        Fields::Named(named) => {
            let kept = std::mem::take(&mut named.named).into_iter().filter(|f| is_public(&f.vis));
            named.named = kept.map(bare_field).collect();
        }
        Fields::Unnamed(unnamed) => {
            let fields = std::mem::take(&mut unnamed.unnamed).into_iter();
            unnamed.unnamed = fields.filter(|f| is_public(&f.vis)).map(bare_field).collect();
        }
        Fields::Unit => {}
    }
}

fn bare_field(mut field: Field) -> Field {
    bare(&mut field.attrs);
    field
}

/// An implementation of a trait as its first line; of a type, the methods that callers reach.
fn public_methods(mut item: syn::ItemImpl) -> Option<syn::ItemImpl> {
    if is_hidden(&item.attrs) {
        return None;
    }
    bare(&mut item.attrs);
    if item.trait_.is_some() {
        item.items.clear();
        return Some(item);
    }
    let methods = std::mem::take(&mut item.items).into_iter();
    item.items = methods
        .filter_map(|member| match member {
            ImplItem::Fn(mut method) if is_public(&method.vis) && !is_hidden(&method.attrs) => {
                bare(&mut method.attrs);
                method.block = parse_quote!({});
                Some(ImplItem::Fn(method))
            }
            ImplItem::Const(mut constant)
                if is_public(&constant.vis) && !is_hidden(&constant.attrs) =>
            {
                bare(&mut constant.attrs);
                constant.expr = parse_quote!(..);
                Some(ImplItem::Const(constant))
            }
            _ => None,
        })
        .collect();
    (!item.items.is_empty()).then_some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> String {
        let items = syn::parse_file(source).unwrap().items.into_iter().filter_map(public);
        prettyplease::unparse(&File { shebang: None, attrs: Vec::new(), items: items.collect() })
    }

    #[test]
    fn bodies_documentation_and_private_parts_are_left_out() {
        let source = "/// Words.\n#[non_exhaustive] pub struct A { pub b: u8, c: u8 }\n\
                      impl A { pub fn d(&self) -> u8 { self.c } fn e() {} }\nfn f() {}";
        let expected = "#[non_exhaustive]\npub struct A {\n    pub b: u8,\n}\nimpl A {\n    \
                        pub fn d(&self) -> u8 {}\n}\n";
        assert_eq!(of(source), expected);
    }

    #[test]
    fn what_the_documentation_hides_is_not_part_of_it() {
        assert_eq!(of("#[doc(hidden)] pub fn a() {}"), "");
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\n"), None);
    }
}
