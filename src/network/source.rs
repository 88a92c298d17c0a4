//! A network from the PyTorch source that defines it: parse, run the constructor.

use super::Network;
use super::deduce::{self, report::Deduced};
use super::packages::library;
use super::state::Offered;
use crate::checkpoint::arguments::SavedArguments;
use crate::error::Result;
use crate::nn::host::Host;
use crate::nn::modules::lazy::materialise;
use crate::python::interpreter::Interpreter;
use crate::python::program::Program;

/// What locations in pasted source are called.
pub const FILENAME: &str = "model.py";

impl Network {
    /// Evaluates `construct`, a Python expression in the source's namespace; without one, the network is found whose `state_dict()` has
    /// the keys and shapes that are offered, nearly so where `strict` is false; `saved` are arguments that the file names.
    ///
    /// # Errors
    /// Python's own, located by line; without `construct` those of [`deduce`](deduce::deduce).
    pub fn from_source(
        source: &str,
        construct: Option<&str>,
        offered: &[Vec<Offered>],
        saved: Option<&SavedArguments>,
        strict: bool,
    ) -> Result<(Self, Deduced)> {
        let program = Program::parse(source, FILENAME)?;
        match construct.map(str::trim).filter(|c| !c.is_empty()) {
            Some(expression) => {
                let all: Vec<Offered> = offered.iter().flatten().cloned().collect();
                let network = Self::construct(&program, expression, &all)?;
                Ok((network, Deduced { expression: expression.to_owned(), arguments: Vec::new() }))
            }
            None => deduce::deduce(&program, offered, saved, strict),
        }
    }

    /// The module that an expression in a program's namespace gives; lazy layers have the sizes that a file's shapes say.
    pub fn construct(program: &Program, expression: &str, offered: &[Offered]) -> Result<Self> {
        let mut interpreter = Interpreter::offering(library(), Some(program.clone()));
        let root = interpreter.construct(expression)?;
        let told = |name: &str| {
            let found = offered.iter().find(|o| o.key == name)?;
            found.shape.iter().map(|&d| usize::try_from(d).ok()).collect()
        };
        materialise(interpreter.trace(), root, &told);
        Self::new(interpreter, root)
    }
}
