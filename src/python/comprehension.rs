//! Comprehensions, and generator expressions, which run as far as they are asked.

use super::Interpreter;
use super::environment::{Env, EnvKind};
use super::iterate::Iter;
use super::object::{Dict, DictKind, Object, Shallow};
use super::raised::Outcome;
use super::scope::Scope;
use indexmap::IndexMap;
use ruff_python_ast::{Comprehension, Expr};
use std::cell::RefCell;
use std::rc::Rc;

/// A generator expression between two elements.
#[derive(Debug)]
pub struct Generator {
    env: Rc<Env>,
    element: Expr,
    clauses: Rc<[Comprehension]>,
    /// one iterator for each clause that has begun
    iterators: Vec<Object>,
}

impl Interpreter {
    /// `[... for ...]` and its relatives.
    pub fn comprehension(&mut self, env: &Rc<Env>, expression: &Expr) -> Outcome<Object> {
        match expression {
            Expr::ListComp(inner) => {
                let mut items = Vec::new();
                self.loop_over(env, &inner.generators, &mut |me, env| {
                    items.push(me.eval(env, &inner.elt)?);
                    me.step(1)
                })?;
                Ok(Object::list(items))
            }
            Expr::SetComp(inner) => {
                let mut items = Vec::new();
                self.loop_over(env, &inner.generators, &mut |me, env| {
                    items.push(me.eval(env, &inner.elt)?);
                    Ok(())
                })?;
                self.set_of(items, false)
            }
            Expr::DictComp(inner) => {
                let mut entries = IndexMap::new();
                self.loop_over(env, &inner.generators, &mut |me, env| {
                    let key = match &inner.key {
                        Some(key) => me.eval(env, key)?,
                        None => Object::None,
                    };
                    let value = me.eval(env, &inner.value)?;
                    super::expression::put(&mut entries, me.key(&key)?, key, value);
                    me.step(1)
                })?;
                Ok(Object::Dict(Rc::new(Dict { kind: DictKind::Plain, entries: Shallow(RefCell::new(entries)) })))
            }
            Expr::Generator(inner) => {
                let (env, first) = self.begin(env, &inner.generators)?;
                Ok(Object::iterator(Iter::Generator(Box::new(Generator {
                    env,
                    element: (*inner.elt).clone(),
                    clauses: inner.generators.clone().into(),
                    iterators: vec![first],
                }))))
            }
            _ => Ok(Object::None),
        }
    }

    /// The scope of a comprehension and its outermost iterator, which is evaluated outside.
    fn begin(&mut self, env: &Rc<Env>, clauses: &[Comprehension]) -> Outcome<(Rc<Env>, Object)> {
        let scope = Rc::new(Scope::of_targets(clauses.iter().map(|c| &c.target)));
        let inner = Rc::new(env.inside(EnvKind::Comprehension, scope, "<comp>"));
        let first = match clauses.first() {
            Some(clause) => {
                let iterable = self.eval(env, &clause.iter)?;
                self.iter(&iterable)?
            }
            None => Object::None,
        };
        Ok((inner, first))
    }

    fn loop_over(
        &mut self,
        env: &Rc<Env>,
        clauses: &[Comprehension],
        body: &mut dyn FnMut(&mut Self, &Rc<Env>) -> Outcome<()>,
    ) -> Outcome<()> {
        let (inner, first) = self.begin(env, clauses)?;
        let Some((clause, rest)) = clauses.split_first() else { return Ok(()) };
        self.clause(&inner, clause, rest, &first, body)
    }

    fn clause(
        &mut self,
        env: &Rc<Env>,
        clause: &Comprehension,
        rest: &[Comprehension],
        iterator: &Object,
        body: &mut dyn FnMut(&mut Self, &Rc<Env>) -> Outcome<()>,
    ) -> Outcome<()> {
        'items: while let Some(item) = self.next(iterator)? {
            self.step(1)?;
            self.assign(env, &clause.target, item)?;
            for condition in &clause.ifs {
                if !self.test(env, condition)? {
                    continue 'items;
                }
            }
            match rest.split_first() {
                None => body(self, env)?,
                Some((next, rest)) => {
                    let iterable = self.eval(env, &next.iter)?;
                    let iterator = self.iter(&iterable)?;
                    self.deeper(|me| me.clause(env, next, rest, &iterator, body))?;
                }
            }
        }
        Ok(())
    }

    /// The next element of a generator expression.
    pub fn resume(&mut self, generator: &mut Generator) -> Outcome<Option<Object>> {
        'outer: while let Some(iterator) = generator.iterators.last().cloned() {
            self.step(1)?;
            let depth = generator.iterators.len();
            let Some(item) = self.next(&iterator)? else {
                generator.iterators.pop();
                continue;
            };
            let Some(clause) = generator.clauses.get(depth - 1) else { break };
            let env = generator.env.clone();
            self.assign(&env, &clause.target, item)?;
            for condition in &clause.ifs {
                if !self.test(&env, condition)? {
                    continue 'outer;
                }
            }
            match generator.clauses.get(depth) {
                None => return self.eval(&env, &generator.element).map(Some),
                Some(next) => {
                    let iterable = self.eval(&env, &next.iter)?;
                    let inner = self.iter(&iterable)?;
                    generator.iterators.push(inner);
                }
            }
        }
        Ok(None)
    }
}
