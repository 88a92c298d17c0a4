//! Assignment: targets, unpacking, augmented and annotated assignment, `del`.

use super::Interpreter;
use super::environment::Env;
use super::object::Object;
use super::raised::{Outcome, Raised};
use ruff_python_ast::{Expr, StmtAnnAssign, StmtAugAssign};
use std::rc::Rc;

impl Interpreter {
    /// `target = value`.
    pub fn assign(&mut self, env: &Rc<Env>, target: &Expr, value: Object) -> Outcome<()> {
        match target {
            Expr::Name(name) => self.store(env, &name.id, value),
            Expr::Attribute(attribute) => {
                let object = self.eval(env, &attribute.value)?;
                self.here(env, target);
                self.set_attribute(&object, &attribute.attr, value)
            }
            Expr::Subscript(subscript) => {
                let object = self.eval(env, &subscript.value)?;
                let index = self.eval(env, &subscript.slice)?;
                self.here(env, target);
                self.set_item(&object, &index, value)
            }
            Expr::Tuple(tuple) => self.unpack(env, &tuple.elts, &value),
            Expr::List(list) => self.unpack(env, &list.elts, &value),
            Expr::Starred(_) => Err(Raised::syntax_error("starred assignment target must be in a list or tuple")),
            _ => Err(Raised::syntax_error("cannot assign to expression")),
        }
        .map_err(|mut raised| {
            raised.place.get_or_insert_with(|| super::program::place(&env.unit, target));
            raised
        })
    }

    fn unpack(&mut self, env: &Rc<Env>, targets: &[Expr], value: &Object) -> Outcome<()> {
        let items = match self.iter(value) {
            Ok(_) => self.collect(value)?,
            Err(raised) if raised.class_name() == Some("TypeError") => {
                let name = self.type_name(value);
                return Err(Raised::type_error(format!("cannot unpack non-iterable {name} object")));
            }
            Err(raised) => return Err(raised),
        };
        let star = targets.iter().position(|t| matches!(t, Expr::Starred(_)));
        let (wanted, given) = (targets.len(), items.len());
        let Some(star) = star else {
            if given < wanted {
                return Err(Raised::value_error(format!(
                    "not enough values to unpack (expected {wanted}, got {given})"
                )));
            }
            if given > wanted {
                return Err(Raised::value_error(match value {
                    Object::Tuple(_) | Object::List(_) | Object::Dict(_) => {
                        format!("too many values to unpack (expected {wanted})")
                    }
                    _ => format!("too many values to unpack (expected {wanted})"),
                }));
            }
            for (target, item) in targets.iter().zip(items) {
                self.assign(env, target, item)?;
            }
            return Ok(());
        };
        if given + 1 < wanted {
            let wanted = wanted - 1;
            return Err(Raised::value_error(format!(
                "not enough values to unpack (expected at least {wanted}, got {given})"
            )));
        }
        let mut items = items.into_iter();
        let middle = given + 1 - wanted;
        for (at, target) in targets.iter().enumerate() {
            match target {
                Expr::Starred(starred) if at == star => {
                    let part: Vec<_> = items.by_ref().take(middle).collect();
                    self.assign(env, &starred.value, Object::list(part))?;
                }
                _ => {
                    let item = items.next().unwrap_or_default();
                    self.assign(env, target, item)?;
                }
            }
        }
        Ok(())
    }

    /// `target op= value`.
    pub fn augmented(&mut self, env: &Rc<Env>, statement: &StmtAugAssign) -> Outcome<()> {
        match &*statement.target {
            Expr::Attribute(attribute) => {
                let object = self.eval(env, &attribute.value)?;
                self.here(env, statement);
                let old = self.attribute(&object, &attribute.attr)?;
                let value = self.eval(env, &statement.value)?;
                self.here(env, statement);
                let new = self.in_place(statement.op, &old, &value)?;
                self.set_attribute(&object, &attribute.attr, new)
            }
            Expr::Subscript(subscript) => {
                let object = self.eval(env, &subscript.value)?;
                let index = self.eval(env, &subscript.slice)?;
                self.here(env, statement);
                let old = self.get_item(&object, &index)?;
                let value = self.eval(env, &statement.value)?;
                self.here(env, statement);
                let new = self.in_place(statement.op, &old, &value)?;
                self.set_item(&object, &index, new)
            }
            target => {
                let old = self.eval(env, target)?;
                let value = self.eval(env, &statement.value)?;
                self.here(env, statement);
                let new = self.in_place(statement.op, &old, &value)?;
                self.assign(env, target, new)
            }
        }
    }

    /// `target: annotation = value`. Annotations are not evaluated; class bodies keep the names, for dataclasses.
    pub fn annotated(&mut self, env: &Rc<Env>, statement: &StmtAnnAssign) -> Outcome<()> {
        if let (Expr::Name(name), super::environment::EnvKind::Class) = (&*statement.target, env.kind) {
            let text = env
                .unit
                .text
                .get(std::ops::Range::<usize>::from(ruff_text_size::Ranged::range(&*statement.annotation)));
            self.annotate(env, &name.id, text.unwrap_or_default());
        }
        match &statement.value {
            Some(value) => {
                let value = self.eval(env, value)?;
                self.assign(env, &statement.target, value)
            }
            None => Ok(()),
        }
    }

    /// `del target`.
    pub fn delete_target(&mut self, env: &Rc<Env>, target: &Expr) -> Outcome<()> {
        match target {
            Expr::Name(name) => self.delete(env, &name.id),
            Expr::Attribute(attribute) => {
                let object = self.eval(env, &attribute.value)?;
                self.delete_attribute(&object, &attribute.attr)
            }
            Expr::Subscript(subscript) => {
                let object = self.eval(env, &subscript.value)?;
                let index = self.eval(env, &subscript.slice)?;
                self.delete_item(&object, &index)
            }
            Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|t| self.delete_target(env, t)),
            Expr::List(list) => list.elts.iter().try_for_each(|t| self.delete_target(env, t)),
            _ => Err(Raised::syntax_error("cannot delete expression")),
        }
    }
}
