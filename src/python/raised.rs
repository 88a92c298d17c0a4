//! Exceptions on their way up, and how they leave as errors: Python's own text, the line, the source line with a caret.

use super::class::Class;
use super::object::{Instance, Object};
use super::program::Unit;
use crate::error::{Error, Kind};
use ruff_text_size::TextRange;
use std::rc::Rc;

/// A result, or what was raised.
pub type Outcome<T> = Result<T, Box<Raised>>;

/// What goes up the stack.
#[derive(Clone, Debug)]
pub enum What {
    /// a builtin exception that is no object yet: the name of its class, and its text
    Builtin(&'static str, String),
    /// `KeyError(key)`, whose text is the repr of its argument
    Key(Object),
    /// an exception object
    Object(Rc<Instance>),
    /// an error of torch's functions, or a refusal of ours
    Error(Error),
}

/// Something raised, and where.
#[derive(Clone, Debug)]
pub struct Raised {
    /// what
    pub what: What,
    /// the innermost place of the source that is known
    pub place: Option<(Rc<Unit>, TextRange)>,
    /// the place inside a package that was imported: told where no line of the source called it
    pub inside: Option<(Rc<Unit>, TextRange)>,
    /// lines of the calls around it, innermost first
    pub calls: Vec<String>,
}

macro_rules! builtin {
    ($($function:ident = $name:literal;)*) => {
        impl Raised {
            $(#[doc = concat!("`", $name, "(text)`.")]
            pub fn $function(text: impl Into<String>) -> Box<Self> {
                Self::new(What::Builtin($name, text.into()))
            })*
        }
    };
}

builtin! {
    type_error = "TypeError";
    value_error = "ValueError";
    name_error = "NameError";
    unbound_local = "UnboundLocalError";
    attribute_error = "AttributeError";
    index_error = "IndexError";
    import_error = "ImportError";
    module_not_found = "ModuleNotFoundError";
    runtime_error = "RuntimeError";
    zero_division = "ZeroDivisionError";
    overflow = "OverflowError";
    recursion = "RecursionError";
    assertion = "AssertionError";
    stop_iteration = "StopIteration";
    not_implemented = "NotImplementedError";
    syntax_error = "SyntaxError";
}

impl Raised {
    /// Without a place yet.
    pub fn new(what: What) -> Box<Self> {
        Box::new(Self { what, place: None, inside: None, calls: Vec::new() })
    }

    /// `KeyError(key)`.
    pub fn key(key: Object) -> Box<Self> {
        Self::new(What::Key(key))
    }

    /// Legal Python or torch that is not done here; no `except` catches it.
    pub fn unsupported(what: impl Into<String>) -> Box<Self> {
        Self::new(What::Error(Error::unsupported(what)))
    }

    /// A use of a name whose origin could not be evaluated.
    pub fn missing(why: &str) -> Box<Self> {
        Self::new(What::Error(Error::unsupported(why).code("unknown_name")))
    }

    /// The class, by name, that `except` clauses compare.
    pub fn class_name(&self) -> Option<&str> {
        match &self.what {
            What::Builtin(name, _) => Some(name),
            What::Key(_) => Some("KeyError"),
            What::Object(instance) => Some(&instance.class.name),
            // torch raises RuntimeError unless its text names another; refusals and limits are not the program's to catch
            What::Error(error) if error.kind == Kind::Mismatch => {
                Some(prefix(&error.message).unwrap_or("RuntimeError"))
            }
            What::Error(_) => None,
        }
    }

    /// The text of the exception, where it needs no `__str__`.
    pub fn text(&self) -> String {
        match &self.what {
            What::Builtin(_, text) => text.clone(),
            What::Error(error) => {
                let name = prefix(&error.message).map_or(0, |name| name.len() + 2);
                error.message.get(name..).unwrap_or_default().to_owned()
            }
            What::Key(_) | What::Object(_) => String::new(),
        }
    }
}

/// `TypeError` of `TypeError: ...`.
fn prefix(message: &str) -> Option<&'static str> {
    let (name, _) = message.split_once(": ")?;
    super::exceptions::TABLE.iter().map(|(known, _)| *known).find(|known| *known == name)
}

impl From<Error> for Box<Raised> {
    fn from(error: Error) -> Self {
        Raised::new(What::Error(error))
    }
}

/// Gives an error its line, the source line and a caret.
pub fn located(error: Error, place: Option<&(Rc<Unit>, TextRange)>) -> Error {
    let Some((unit, range)) = place else { return error };
    let (line, column) = unit.position(range.start());
    let mut error = error;
    if error.location.as_deref().is_none_or(|at| at.starts_with("line ")) {
        error.location = Some(format!("{}:{line}", unit.filename));
        let shown = unit.excerpt(line, column, range.end());
        error.hint = Some(match error.hint.take() {
            Some(hint) => format!("{shown}\n{hint}"),
            None => shown,
        });
    }
    error
}

/// Whether a class, or one that it inherits from, has this name.
pub fn is_named(class: &Class, name: &str) -> bool {
    class.lineage().any(|c| &*c.name == name)
}
