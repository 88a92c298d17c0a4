//! The table of torch's functions, a family to a file.
//!
//! An entry names its homes by letters, so that one line serves `torch.abs`, `torch.Tensor.abs` and `torch.Tensor.abs_`:
//! `t` torch, `m` torch.Tensor, `f` torch.nn.functional, `l` torch.linalg, `s` torch.special, `n` torch.nn.init; and with an underscore
//! after the name, written into the first argument: `i` torch.Tensor, `j` torch, `g` torch.nn.functional. `d` is torch.Tensor's in-place operators,
//! `r` torch.nn.utils.rnn, `u` torch.nn.

use super::function::{Function, Overload};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Functions that share a body.
pub(super) struct Family {
    homes: &'static str,
    names: &'static str,
    overloads: &'static [Overload],
}

/// `homes "names": "(signature)" => body, "(signature)" => body;`
macro_rules! functions {
    ($($homes:ident $names:literal : $($signature:literal => $run:expr),+ ;)*) => {
        pub(super) static FUNCTIONS: &[super::Family] = &[$(super::Family {
            homes: stringify!($homes),
            names: $names,
            overloads: &[$(crate::nn::function::Overload { signature: $signature, run: $run }),+],
        }),*];
    };
}

mod activation;
mod attention;
pub mod attribute;
mod chosen;
mod conv;
mod creation;
mod ctc;
mod distance;
mod dropout;
mod elementwise;
mod embedding;
mod index;
mod init;
mod item;
mod join;
mod linalg;
mod loss;
mod margin;
mod module;
mod multihead;
mod norm;
mod operators;
mod orthogonal;
mod pad;
mod pool;
mod recurrent;
mod reduce;
mod resize;
mod rnn;
pub(super) mod shape;
mod sort;
mod unpool;

static FAMILIES: &[&[Family]] = &[
    activation::FUNCTIONS,
    attention::FUNCTIONS,
    attribute::FUNCTIONS,
    chosen::FUNCTIONS,
    conv::FUNCTIONS,
    creation::FUNCTIONS,
    distance::FUNCTIONS,
    dropout::FUNCTIONS,
    elementwise::FUNCTIONS,
    embedding::FUNCTIONS,
    index::FUNCTIONS,
    init::FUNCTIONS,
    item::FUNCTIONS,
    join::FUNCTIONS,
    linalg::FUNCTIONS,
    loss::FUNCTIONS,
    margin::FUNCTIONS,
    ctc::FUNCTIONS,
    module::FUNCTIONS,
    multihead::FUNCTIONS,
    norm::FUNCTIONS,
    operators::FUNCTIONS,
    orthogonal::FUNCTIONS,
    pad::FUNCTIONS,
    pool::FUNCTIONS,
    recurrent::FUNCTIONS,
    reduce::FUNCTIONS,
    resize::FUNCTIONS,
    rnn::FUNCTIONS,
    shape::FUNCTIONS,
    sort::FUNCTIONS,
    unpool::FUNCTIONS,
];

/// Every function by its qualified names.
pub(super) fn table() -> &'static HashMap<&'static str, Function> {
    static TABLE: OnceLock<HashMap<&'static str, Function>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = HashMap::new();
        for family in FAMILIES.iter().copied().flatten() {
            for name in family.names.split_whitespace() {
                for home in family.homes.chars() {
                    let (qualified, in_place) = qualify(home, name);
                    // the table is built once and lives as long as the program
                    let name: &'static str = Box::leak(qualified.into_boxed_str());
                    table.insert(name, Function { name, overloads: family.overloads, in_place });
                }
            }
        }
        table
    })
}

fn qualify(home: char, name: &str) -> (String, bool) {
    match home {
        't' => (format!("torch.{name}"), false),
        'm' => (format!("torch.Tensor.{name}"), false),
        'f' => (format!("torch.nn.functional.{name}"), false),
        'l' => (format!("torch.linalg.{name}"), false),
        's' => (format!("torch.special.{name}"), false),
        'n' => (format!("torch.nn.init.{name}"), true),
        'i' => (format!("torch.Tensor.{name}_"), true),
        'j' => (format!("torch.{name}_"), true),
        'g' => (format!("torch.nn.functional.{name}_"), true),
        'd' => (format!("torch.Tensor.{name}"), true),
        'r' => (format!("torch.nn.utils.rnn.{name}"), false),
        'u' => (format!("torch.nn.{name}"), false),
        _ => (name.to_owned(), false),
    }
}
