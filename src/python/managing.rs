//! `contextlib.contextmanager`: the body of the `with` runs where the generator yields.
//!
//! Generators run to their end at once here, and so does this one: its `yield` runs the body. What the body raises is raised at the
//! `yield`, where `try` and `finally` of the generator meet it, as Python throws it there.

use super::environment::Env;
use super::object::Object;
use super::raised::{Outcome, Raised};
use super::statement::Flow;
use super::{Arguments, Interpreter};
use ruff_python_ast::StmtWith;
use std::rc::Rc;

/// A `with` whose manager is a generator that runs.
#[derive(Debug)]
pub struct Managing {
    /// how many functions run inside the generator, itself among them
    depth: usize,
    /// the body that its `yield` runs; taken when it does
    body: Option<(Rc<Env>, Rc<StmtWith>, usize)>,
    /// how the body ended
    flow: Flow,
}

impl Interpreter {
    /// A `with` item whose manager `contextlib.contextmanager` made; `None` for every other manager.
    pub(super) fn managed(
        &mut self,
        env: &Rc<Env>,
        with: &StmtWith,
        at: usize,
        manager: &Object,
    ) -> Outcome<Option<Flow>> {
        let Object::Instance(instance) = manager else { return Ok(None) };
        if instance.class.lookup("runs_around").is_none() {
            return Ok(None);
        }
        let run = self.attribute(manager, "runs_around")?;
        // the method is one function, the generator the next
        let depth = self.running.len() + 2;
        self.managing.push(Managing {
            depth,
            body: Some((env.clone(), Rc::new(with.clone()), at)),
            flow: Flow::Normal,
        });
        let result = self.call_object(&run, Arguments::default());
        let done = self.managing.pop();
        result?;
        match done {
            Some(Managing { body: None, flow, .. }) => Ok(Some(flow)),
            _ => Err(Raised::runtime_error("generator didn't yield")),
        }
    }

    /// The `yield` of a generator that manages a `with`: runs its body. False where it is another generator's.
    pub(super) fn yields_to_body(&mut self, value: &Object) -> Outcome<bool> {
        let running = self.running.len();
        let Some(managing) = self.managing.last_mut().filter(|managing| managing.depth == running) else {
            return Ok(false);
        };
        let Some((env, with, at)) = managing.body.take() else {
            return Err(Raised::runtime_error("generator didn't stop"));
        };
        if let Some(target) = with.items.get(at).and_then(|item| item.optional_vars.as_ref()) {
            self.assign(&env, target, value.clone())?;
        }
        let flow = self.with_items(&env, &with, at + 1)?;
        if let Some(managing) = self.managing.last_mut() {
            managing.flow = flow;
        }
        Ok(true)
    }
}
