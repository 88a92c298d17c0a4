//! The arguments of a call, and how builtin functions take them.

use super::object::Object;
use super::raised::{Outcome, Raised};
use std::rc::Rc;

/// The arguments of a call.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// by position
    pub positional: Vec<Object>,
    /// by keyword, in call order
    pub keyword: Vec<(Rc<str>, Object)>,
}

impl Arguments {
    /// Positional ones.
    pub fn of(positional: Vec<Object>) -> Self {
        Self { positional, keyword: Vec::new() }
    }

    /// With another first argument: what a method call is.
    #[must_use]
    pub fn prepend(mut self, first: Object) -> Self {
        self.positional.insert(0, first);
        self
    }

    /// A keyword argument, taken out.
    pub fn take(&mut self, name: &str) -> Option<Object> {
        let at = self.keyword.iter().position(|(key, _)| &**key == name)?;
        Some(self.keyword.remove(at).1)
    }

    /// The arguments of a builtin by the names of its parameters, of which the first `required` must be there.
    pub fn bind<const N: usize>(
        self,
        function: &str,
        names: [&str; N],
        required: usize,
    ) -> Outcome<[Option<Object>; N]> {
        let mut bound = [const { None }; N];
        let given = self.positional.len();
        if given > N {
            let s = if N == 1 { "" } else { "s" };
            return Err(Raised::type_error(format!("{function}() takes at most {N} argument{s} ({given} given)")));
        }
        for (slot, value) in bound.iter_mut().zip(self.positional) {
            *slot = Some(value);
        }
        for (key, value) in self.keyword {
            let Some(slot) = names.iter().position(|name| *name == &*key).and_then(|at| bound.get_mut(at)) else {
                return Err(Raised::type_error(format!("{function}() got an unexpected keyword argument '{key}'")));
            };
            if slot.is_some() {
                return Err(Raised::type_error(format!("{function}() got multiple values for argument '{key}'")));
            }
            *slot = Some(value);
        }
        for (at, (slot, name)) in bound.iter().zip(names).enumerate().take(required) {
            if slot.is_none() {
                return Err(Raised::type_error(if required == N && N == 1 {
                    format!("{function}() takes exactly one argument ({given} given)")
                } else {
                    format!("{function}() missing required argument '{name}' (pos {})", at + 1)
                }));
            }
        }
        Ok(bound)
    }

    /// Exactly `N` positional arguments, those of a method after its object.
    pub fn exactly<const N: usize>(self, function: &str) -> Outcome<[Object; N]> {
        if !self.keyword.is_empty() {
            return Err(Raised::type_error(format!("{function}() takes no keyword arguments")));
        }
        let given = self.positional.len();
        self.positional.try_into().map_err(|_| {
            let (given, wanted) =
                if function.contains('.') { (given.saturating_sub(1), N.saturating_sub(1)) } else { (given, N) };
            Raised::type_error(match wanted {
                0 => format!("{function}() takes no arguments ({given} given)"),
                1 => format!("{function}() takes exactly one argument ({given} given)"),
                _ => format!("{function} expected {wanted} arguments, got {given}"),
            })
        })
    }
}
