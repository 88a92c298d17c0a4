//! The classes of torch.nn: constructors with torch's signatures, attributes with torch's names, and `forward`.
//!
//! `forward` reads attributes and never constructor arguments, so that it serves modules from a pickle too. Most classes keep their
//! arguments and call one function of `torch.nn.functional`; [`attribute`] says how.

pub mod activation;
pub mod attention;
pub mod attribute;
pub mod cell;
pub mod container;
pub mod convolution;
pub mod dropout;
pub mod embedding;
pub mod lazy;
pub mod linear;
pub mod loss;
pub mod normalization;
pub mod padding;
pub mod pooling;
pub mod recurrent;
pub mod shape;
pub mod transformer;
pub mod unpool;

use super::module::Class;
use std::collections::HashMap;
use std::sync::OnceLock;

const FAMILIES: &[&[Class]] = &[
    activation::CLASSES,
    attention::CLASSES,
    cell::CLASSES,
    container::CLASSES,
    convolution::CLASSES,
    dropout::CLASSES,
    embedding::CLASSES,
    lazy::CLASSES,
    linear::CLASSES,
    loss::CLASSES,
    normalization::CLASSES,
    padding::CLASSES,
    pooling::CLASSES,
    recurrent::CLASSES,
    shape::CLASSES,
    transformer::CLASSES,
    unpool::CLASSES,
];

/// Finds a class by qualified name, by one of its aliases, or by its public name (`torch.nn.Linear`).
pub fn find(name: &str) -> Option<&'static Class> {
    static TABLE: OnceLock<HashMap<&'static str, &'static Class>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = HashMap::new();
        for class in FAMILIES.iter().copied().flatten() {
            table.insert(class.name, class);
            table.insert(short(class.name), class);
            for alias in class.aliases {
                table.insert(alias, class);
            }
        }
        table
    });
    let public = name.strip_prefix("torch.nn.");
    let public = public.filter(|rest| !rest.contains('.'));
    table.get(public.unwrap_or(name)).copied().filter(|_| name.contains('.'))
}

/// Public names of every class: what `torch.nn` has here.
pub fn names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().copied().flatten().map(|class| short(class.name))
}

fn short(qualified: &'static str) -> &'static str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}
