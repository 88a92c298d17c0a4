//! Packages of Python's and torch's that are written in Python here, beside those in Rust: numpy's arrays, `random`,
//! distributions, the small modules that sources mention in passing.
//!
//! As with the modules that a host offers, such a package is evaluated when a name of it is first asked for, in a namespace of its own.

use super::Interpreter;
use super::aten;
use super::library::host;
use super::object::Object;
use super::raised::Outcome;

/// One module in parts.
const NUMPY: &str = concat!(
    include_str!("library/numpy/array.py"),
    "\n\n",
    include_str!("library/numpy/functions.py"),
    "\n\n",
    include_str!("library/numpy/random.py")
);

/// Another.
const DISTRIBUTIONS: &str =
    concat!(include_str!("library/distributions.py"), "\n\n", include_str!("library/transforms.py"));

/// The packages and their sources.
const SOURCES: &[(&str, &str)] = &[
    ("numpy", NUMPY),
    (aten::PACKAGE, aten::TEXT),
    ("collections", include_str!("library/collections.py")),
    ("contextlib", include_str!("library/contextlib.py")),
    ("functools", include_str!("library/functools.py")),
    ("inspect", include_str!("library/inspect.py")),
    ("string", include_str!("library/string.py")),
    ("heapq", include_str!("library/heapq.py")),
    ("bisect", include_str!("library/heapq.py")),
    ("os", include_str!("library/system.py")),
    ("sys", include_str!("library/system.py")),
    ("time", include_str!("library/system.py")),
    ("random", include_str!("library/random.py")),
    ("torch.autograd", include_str!("library/autograd.py")),
    ("torch.autograd.function", include_str!("library/autograd.py")),
    ("argparse", include_str!("library/argparse.py")),
    ("ast", include_str!("library/ast.py")),
    ("re", include_str!("library/re.py")),
    ("torch.distributions", DISTRIBUTIONS),
    ("torch.distributions.normal", DISTRIBUTIONS),
    ("torch.distributions.categorical", DISTRIBUTIONS),
    ("torch.distributions.kl", DISTRIBUTIONS),
    ("torch.distributions.multivariate_normal", DISTRIBUTIONS),
    ("torch.distributions.transforms", DISTRIBUTIONS),
    ("torch.distributions.transformed_distribution", DISTRIBUTIONS),
];

impl Interpreter {
    /// A name of a package that is written in Python; `None` where it has none, or there is no such package.
    pub(super) fn embedded(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        if package == host::PACKAGE {
            return Ok(host::TABLE.iter().find(|native| native.name == name).map(Object::Native));
        }
        self.written(package, name).map(|found| found.filter(|_| !name.starts_with('_')))
    }

    /// The same, the module's own names included.
    pub(super) fn written(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        let Some((package, text)) = SOURCES.iter().copied().find(|(known, _)| *known == package) else {
            return Ok(None);
        };
        let env = match self.embedded.iter().find(|(_, source, _)| std::ptr::eq(*source, text)) {
            Some((.., env)) => env.clone(),
            None => self.evaluated(text, package, |me, env| me.embedded.push((package, text, env)))?,
        };
        let found = env.vars.0.borrow().get(name).cloned();
        Ok(found)
    }
}
