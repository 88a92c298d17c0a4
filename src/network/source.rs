//! A network from the PyTorch source that defines it: parse, choose the class, run the constructor.

use super::Network;
use super::zoo::table::LIBRARY;
use crate::error::{Error, Result};
use crate::python::interpreter::{ClassInfo, Interpreter, ParameterInfo};
use crate::python::program::Program;

/// What locations in pasted source are called.
pub const FILENAME: &str = "model.py";

impl Network {
    /// Evaluates `construct`, a Python expression in the source's namespace; without one, the only network whose constructor needs no
    /// argument.
    ///
    /// # Errors
    /// Python's own, located by line; Mismatch `needs_construct` when the source does not say by itself what to build.
    pub fn from_source(source: &str, construct: Option<&str>) -> Result<Self> {
        let program = Program::parse(source, FILENAME)?;
        let mut interpreter = Interpreter::offering(LIBRARY, Some(program));
        let expression = match construct.map(str::trim).filter(|c| !c.is_empty()) {
            Some(expression) => expression.to_owned(),
            None => choose(&interpreter.classes())?,
        };
        let root = interpreter.construct(&expression)?;
        Self::new(interpreter, root)
    }
}

/// The expression that builds the source's network when its author left no choice: the last class that no other one uses is what people
/// mean, but only an unambiguous one is taken.
fn choose(classes: &[ClassInfo]) -> Result<String> {
    let modules: Vec<_> = classes.iter().filter(|c| c.is_module).collect();
    let signature = |class: &ClassInfo| {
        let text = |p: &ParameterInfo| p.default.as_ref().map_or_else(|| p.name.clone(), |d| format!("{}={d}", p.name));
        let parameters: Vec<_> = class.parameters.iter().map(text).collect();
        format!("{}({})", class.name, parameters.join(", "))
    };
    if let [only] = modules.as_slice()
        && !only.parameters.iter().any(ParameterInfo::is_required)
    {
        return Ok(format!("{}()", only.name));
    }
    if modules.is_empty() {
        return Err(Error::mismatch("the source defines no class that inherits from nn.Module")
            .code("no_module_class")
            .at(FILENAME)
            .hint("paste the whole class, from `class Net(nn.Module):` on"));
    }
    let all: Vec<_> = modules.iter().map(|c| signature(c)).collect();
    Err(Error::mismatch(format!("the source does not say which network to build: it defines {}", all.join(", ")))
        .code("needs_construct")
        .at(FILENAME)
        .hint("give the expression that constructs it, as in Python: `Net(10, hidden=32)`"))
}
