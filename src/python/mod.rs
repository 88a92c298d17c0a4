//! The Python subset in which networks are written: an evaluator over a closed world.
//!
//! There is no import, no file, no exec and no attribute into the host; steps, recursion and memory are bounded.
//! A [`Program`](program::Program) is parsed source; an [`Interpreter`] evaluates its module level, constructs modules and runs `forward`,
//! while torch's functions add nodes to the graph under construction.

pub mod arguments;
pub mod assign;
pub mod aten;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that fails says where")]
mod aten_tests;
pub mod attribute;
pub mod builtins;
pub mod call;
pub mod class;
pub mod compare;
pub mod complex;
pub mod comprehension;
mod embedded;
pub mod environment;
pub mod exceptions;
pub mod expression;
pub mod format;
pub mod function;
pub mod hooks;
pub mod import;
pub mod inert;
pub mod interpreter;
pub mod iterate;
pub mod key;
pub mod library;
pub mod managing;
pub mod matching;
pub mod methods;
pub mod module;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that fails says where")]
mod module_tests;
pub mod number;
pub mod object;
pub mod operator;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that fails says where")]
mod oracle_tests;
pub mod package;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]
mod package_tests;
pub mod program;
pub mod raised;
mod reflect;
pub mod repr;
pub mod restore;
pub mod scope;
pub mod script;
pub mod statement;
pub mod subscript;
pub mod toplevel;
pub mod torch;
pub mod types;
pub mod value;

use arguments::Arguments;
use interpreter::Interpreter;
