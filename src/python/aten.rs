//! `torch.ops.aten.NAME.OVERLOAD`: ATen's operators, as exported programs and TorchScript call them.
//!
//! Most take their arguments as the public function of the same name does, and are that function. The others stand in Python in
//! `library/aten/`. An operator that writes into its first argument, or whose result is a copy of a view, is the one without.

use super::Interpreter;
use super::object::Object;
use super::raised::{Outcome, Raised};
use crate::nn::function::lookup;
use std::rc::Rc;

/// The package of ATen's operators.
pub(super) const PACKAGE: &str = "torch.ops.aten";

/// The operators that differ from torch's functions; one module in parts.
pub(super) const TEXT: &str = concat!(
    include_str!("library/aten/tensors.py"),
    "\n\n",
    include_str!("library/aten/layers.py"),
    "\n\n",
    include_str!("library/aten/losses.py")
);

/// Where the public functions of ATen's operators are, in the order in which they are looked for.
const HOMES: &[&str] = &["torch", "torch.Tensor", "torch.nn.functional"];

/// Packages whose functions carry the package's name in ATen: `linalg_vector_norm`.
const PREFIXES: &[(&str, &str)] = &[("linalg_", "torch.linalg"), ("special_", "torch.special"), ("fft_", "torch.fft")];

/// The operators that stand in Python here.
pub fn names() -> impl Iterator<Item = &'static str> {
    let defined = TEXT.lines().flat_map(|line| match line.strip_prefix("def ") {
        Some(rest) => rest.split('(').take(1).collect::<Vec<_>>(),
        None if line.starts_with([' ', '#', '"']) => Vec::new(),
        None => line.split(" = ").filter(|name| !name.contains(['(', '.'])).collect(),
    });
    let defined = defined.filter(|name| !name.is_empty() && !name.starts_with("__") && !name.contains([' ', '"', ')']));
    defined.map(|name| name.split("__").next().unwrap_or(name))
}

impl Interpreter {
    /// A name inside `torch.ops`; `None` where the package is another.
    pub(super) fn operator_name(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        if package == "torch.ops" {
            return match name {
                "aten" => Ok(Some(Object::Package(Rc::from(PACKAGE)))),
                _ => Err(Raised::unsupported(format!("torch.ops.{name}"))),
            };
        }
        if package == PACKAGE {
            return Ok(Some(Object::Package(Rc::from(format!("{PACKAGE}.{name}")))));
        }
        let Some(operator) = package.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix('.')) else {
            return Ok(None);
        };
        match name {
            "overloads" | "op" => Err(Raised::unsupported(format!("{package}.{name}"))),
            _ => self.aten(operator, Some(name)).map(Some),
        }
    }

    /// What an operator calls: `aten("add", Some("Tensor"))`; without an overload the arguments choose it.
    pub(super) fn aten(&mut self, operator: &str, overload: Option<&str>) -> Outcome<Object> {
        let full = || format!("{PACKAGE}.{operator}{}", overload.map(|name| format!(".{name}")).unwrap_or_default());
        match self.aten_found(operator, overload)? {
            Some(function) => Ok(function),
            None => Err(Raised::unsupported(full())),
        }
    }

    fn aten_found(&mut self, operator: &str, overload: Option<&str>) -> Outcome<Option<Object>> {
        let own = overload.map(|overload| format!("{operator}__{overload}"));
        for name in own.as_deref().into_iter().chain([operator]).filter(|name| !name.starts_with("__")) {
            if let Some(function) = self.written(PACKAGE, name)? {
                return Ok(Some(function));
            }
        }
        if let Some(function) = self.aten_public(operator)? {
            return Ok(Some(function));
        }
        if let Some(plain) = operator.strip_suffix('_').filter(|plain| !plain.ends_with('_')) {
            let Some(function) = self.aten_found(plain, overload)? else { return Ok(None) };
            let Some(back) = self.written(PACKAGE, "__written_back")? else { return Ok(None) };
            return self.call_object(&back, super::Arguments::of(vec![function])).map(Some);
        }
        match operator.strip_suffix("_copy") {
            Some(view) => self.aten_found(view, overload),
            None => Ok(None),
        }
    }

    fn aten_public(&mut self, operator: &str) -> Outcome<Option<Object>> {
        let function = HOMES.iter().find_map(|home| lookup(&format!("{home}.{operator}")));
        if let Some(function) = function {
            return Ok(Some(Object::Torch(function)));
        }
        if let Some((package, name)) =
            PREFIXES.iter().find_map(|(prefix, package)| Some((*package, operator.strip_prefix(prefix)?)))
        {
            return match lookup(&format!("{package}.{name}")) {
                Some(function) => Ok(Some(Object::Torch(function))),
                None => self.composed(name),
            };
        }
        if operator.starts_with('_') { Ok(None) } else { self.composed(operator) }
    }
}
