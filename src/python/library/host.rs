//! What packages written in Python ask of the evaluator: random numbers, whether gradients are wanted, refusals that no `except` catches.

use crate::python::object::{Native, Object};
use crate::python::raised::Raised;

/// Names that no user's source imports.
pub const PACKAGE: &str = "_host";

/// The functions.
pub static TABLE: &[Native] = &[
    Native {
        name: "random",
        run: |me, a| {
            let [] = a.exactly("random")?;
            Ok(Object::Float(me.draw()))
        },
    },
    Native {
        name: "refuse",
        run: |me, a| {
            let [what] = a.exactly("refuse")?;
            Err(Raised::unsupported(me.text(&what)?))
        },
    },
    Native {
        name: "wants_gradient",
        run: |me, a| {
            let [] = a.exactly("wants_gradient")?;
            Ok(Object::Bool(me.trace.differentiates && me.trace.grad_enabled))
        },
    },
    Native {
        name: "set_gradient",
        run: |me, a| {
            let [flag] = a.exactly("set_gradient")?;
            if me.trace.differentiates {
                me.trace.grad_enabled = me.truth(&flag)?;
            }
            Ok(Object::None)
        },
    },
    Native {
        name: "refuse_gradient",
        run: |me, a| {
            let [name] = a.exactly("refuse_gradient")?;
            if !me.trace.differentiates {
                return Ok(Object::None);
            }
            let name = me.text(&name)?;
            Err(Raised::unsupported(format!(
                "training through {name}, a torch.autograd.Function with a backward of its own"
            )))
        },
    },
];
