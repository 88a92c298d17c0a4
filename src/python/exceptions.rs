//! The builtin exceptions: the tree of classes, raising, and texts.

use super::class::Class;
use super::object::{Instance, Object, Shallow};
use super::raised::{Outcome, Raised, What, located};
use super::{Arguments, Interpreter};
use crate::error::Error;
use std::cell::RefCell;
use std::rc::Rc;

/// Each builtin exception and its base.
pub const TABLE: &[(&str, &str)] = &[
    ("BaseException", "object"),
    ("Exception", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
];

impl Interpreter {
    /// The exception object of what was raised, as `except ... as e` binds it; `None` where no `except` may see it.
    pub fn exception(&mut self, raised: &Raised) -> Option<Rc<Instance>> {
        let (name, arguments) = match &raised.what {
            What::Object(instance) => return Some(instance.clone()),
            What::Builtin(name, text) => (*name, vec![Object::str(text)]),
            What::Key(key) => ("KeyError", vec![key.clone()]),
            What::Error(_) => {
                let known = raised.class_name()?;
                let name = TABLE.iter().map(|(name, _)| *name).find(|name| *name == known)?;
                (name, vec![Object::str(raised.text())])
            }
        };
        let class = self.builtin_class(name)?;
        Some(make(&class, arguments))
    }

    /// What `raise value` raises.
    pub fn raise(&mut self, value: Object) -> Box<Raised> {
        match value {
            Object::Instance(instance) if super::raised::is_named(&instance.class, "BaseException") => {
                Raised::new(What::Object(instance))
            }
            Object::Class(class) if super::raised::is_named(&class, "BaseException") => {
                match self.call_object(&Object::Class(class), Arguments::default()) {
                    Ok(Object::Instance(instance)) => Raised::new(What::Object(instance)),
                    Ok(_) => Raised::type_error("exceptions must derive from BaseException"),
                    Err(raised) => raised,
                }
            }
            Object::Missing(why) => Raised::missing(&why),
            // NotImplemented is a common slip for NotImplementedError
            _ => Raised::type_error("exceptions must derive from BaseException"),
        }
    }

    /// `str(exception)`.
    pub fn exception_text(&mut self, instance: &Rc<Instance>) -> Outcome<String> {
        if let Some(method) = instance.class.lookup("__str__") {
            let text = self.call_object(&method, Arguments::of(vec![Object::Instance(instance.clone())]))?;
            return self.text(&text);
        }
        let arguments = instance.attributes.0.borrow().get("args").cloned();
        let Some(Object::Tuple(arguments)) = arguments else { return Ok(String::new()) };
        match arguments.items.0.as_slice() {
            [] => Ok(String::new()),
            [one] if super::raised::is_named(&instance.class, "KeyError") => self.repr(one),
            [one] => self.text(one),
            _ => self.repr(&Object::Tuple(arguments.clone())),
        }
    }

    /// The error that leaves the interpreter: `TypeError: ...`, with line and caret.
    #[expect(clippy::boxed_local, reason = "errors travel boxed; every caller has one")]
    pub fn leave(&mut self, raised: Box<Raised>) -> Error {
        let Raised { what, place, inside, calls } = *raised;
        let error = match what {
            What::Error(error) => error,
            What::Builtin(name, text) => finished(name, &text),
            What::Key(key) => {
                let text = self.repr(&key).unwrap_or_default();
                finished("KeyError", &text)
            }
            What::Object(instance) => {
                let text = self.exception_text(&instance).unwrap_or_default();
                finished(&instance.class.name, &text)
            }
        };
        let error = located(error, place.or(inside).as_ref());
        if calls.is_empty() { error } else { with_calls(error, &calls) }
    }
}

/// How many calls around an error are told.
const CALLS: usize = 6;

fn with_calls(mut error: Error, calls: &[String]) -> Error {
    let told: Vec<&str> = calls.iter().take(CALLS).map(String::as_str).collect();
    let trace = format!("called from {}", told.join(", "));
    error.hint = Some(match error.hint.take() {
        Some(hint) if hint.contains("called from ") => hint,
        Some(hint) => format!("{hint}\n{trace}"),
        None => trace,
    });
    error
}

fn finished(name: &str, text: &str) -> Error {
    let message = if text.is_empty() { name.to_owned() } else { format!("{name}: {text}") };
    match name {
        "SyntaxError" => Error::malformed(message),
        _ => Error::mismatch(message),
    }
    .code("python")
}

/// An exception object.
pub fn make(class: &Rc<Class>, arguments: Vec<Object>) -> Rc<Instance> {
    let attributes = [("args".to_owned(), Object::tuple(arguments))].into_iter().collect();
    Rc::new(Instance {
        class: class.clone(),
        attributes: Shallow(RefCell::new(attributes)),
        payload: RefCell::new(Object::None),
    })
}
