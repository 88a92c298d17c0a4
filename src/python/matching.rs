//! The `match` statement.

use super::Interpreter;
use super::environment::Env;
use super::object::{Dict, DictKind, Object, Shallow};
use super::raised::{Outcome, Raised};
use super::statement::Flow;
use ruff_python_ast::{Pattern, PatternMatchClass, Singleton, StmtMatch};
use std::cell::RefCell;
use std::rc::Rc;

impl Interpreter {
    /// Runs the first case that fits.
    pub fn match_statement(&mut self, env: &Rc<Env>, statement: &StmtMatch) -> Outcome<Flow> {
        let subject = self.eval(env, &statement.subject)?;
        for case in &statement.cases {
            if !self.matches(env, &case.pattern, &subject)? {
                continue;
            }
            let open = match &case.guard {
                Some(guard) => self.test(env, guard)?,
                None => true,
            };
            if open {
                return self.run(env, &case.body);
            }
        }
        Ok(Flow::Normal)
    }

    fn matches(&mut self, env: &Rc<Env>, pattern: &Pattern, subject: &Object) -> Outcome<bool> {
        self.deeper(|me| me.matches_inner(env, pattern, subject))
    }

    fn matches_inner(&mut self, env: &Rc<Env>, pattern: &Pattern, subject: &Object) -> Outcome<bool> {
        match pattern {
            Pattern::MatchValue(inner) => {
                let value = self.eval(env, &inner.value)?;
                self.equal(subject, &value)
            }
            Pattern::MatchSingleton(inner) => Ok(match inner.value {
                Singleton::None => matches!(subject, Object::None),
                Singleton::True => matches!(subject, Object::Bool(true)),
                Singleton::False => matches!(subject, Object::Bool(false)),
            }),
            Pattern::MatchSequence(inner) => {
                let items = match subject {
                    Object::List(_) | Object::Tuple(_) | Object::Range(_) => self.collect(subject)?,
                    _ => return Ok(false),
                };
                self.match_items(env, &inner.patterns, &items)
            }
            Pattern::MatchMapping(inner) => {
                let Object::Dict(dict) = subject else { return Ok(false) };
                let mut rest = dict.entries.0.borrow().clone();
                for (key, pattern) in inner.keys.iter().zip(&inner.patterns) {
                    let key = self.eval(env, key)?;
                    let key = self.key(&key)?;
                    let Some((_, value)) = rest.shift_remove(&key) else { return Ok(false) };
                    if !self.matches(env, pattern, &value)? {
                        return Ok(false);
                    }
                }
                if let Some(name) = &inner.rest {
                    let dict = Dict { kind: DictKind::Plain, entries: Shallow(RefCell::new(rest)) };
                    self.store(env, &name.id, Object::Dict(Rc::new(dict)))?;
                }
                Ok(true)
            }
            Pattern::MatchClass(inner) => self.match_class(env, inner, subject),
            Pattern::MatchStar(_) => Ok(true),
            Pattern::MatchAs(inner) => {
                if let Some(pattern) = &inner.pattern
                    && !self.matches(env, pattern, subject)?
                {
                    return Ok(false);
                }
                if let Some(name) = &inner.name {
                    self.store(env, &name.id, subject.clone())?;
                }
                Ok(true)
            }
            Pattern::MatchOr(inner) => {
                for pattern in &inner.patterns {
                    if self.matches(env, pattern, subject)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    fn match_items(&mut self, env: &Rc<Env>, patterns: &[Pattern], items: &[Object]) -> Outcome<bool> {
        let star = patterns.iter().position(|p| matches!(p, Pattern::MatchStar(_)));
        let fits = match star {
            Some(_) => items.len() + 1 >= patterns.len(),
            None => items.len() == patterns.len(),
        };
        if !fits {
            return Ok(false);
        }
        let mut rest = items.iter();
        for pattern in patterns {
            if let Pattern::MatchStar(star) = pattern {
                let count = items.len() + 1 - patterns.len();
                let part: Vec<_> = rest.by_ref().take(count).cloned().collect();
                if let Some(name) = &star.name {
                    self.store(env, &name.id, Object::list(part))?;
                }
                continue;
            }
            let Some(item) = rest.next() else { return Ok(false) };
            if !self.matches(env, pattern, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn match_class(&mut self, env: &Rc<Env>, pattern: &PatternMatchClass, subject: &Object) -> Outcome<bool> {
        let class = self.eval(env, &pattern.cls)?;
        if !self.is_instance(subject, &class)? {
            return Ok(false);
        }
        let positional = &pattern.arguments.patterns;
        if !positional.is_empty() {
            let builtin = matches!(&class, Object::Class(c) if matches!(&*c.name, "int" | "float" | "str" | "bool" | "bytes" | "list" | "tuple" | "dict" | "set" | "frozenset"));
            if builtin {
                let [only] = positional.as_slice() else {
                    return Err(Raised::type_error("accepts 1 positional sub-pattern"));
                };
                return self.matches(env, only, subject);
            }
            let names = match self.find_attribute(&class, "__match_args__")? {
                Some(names) => self.collect(&names)?,
                None => Vec::new(),
            };
            if names.len() < positional.len() {
                let name = self.text(&class)?;
                return Err(Raised::type_error(format!(
                    "{name}() accepts {} positional sub-patterns ({} given)",
                    names.len(),
                    positional.len()
                )));
            }
            for (name, pattern) in names.iter().zip(positional) {
                let name = self.text(name)?;
                let Some(value) = self.find_attribute(subject, &name)? else { return Ok(false) };
                if !self.matches(env, pattern, &value)? {
                    return Ok(false);
                }
            }
        }
        for keyword in &pattern.arguments.keywords {
            let Some(value) = self.find_attribute(subject, &keyword.attr)? else { return Ok(false) };
            if !self.matches(env, &keyword.pattern, &value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
