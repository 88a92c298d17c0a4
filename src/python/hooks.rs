//! Forward hooks: functions that run before and after a module's forward, see its arguments and its output, and may replace them.
//!
//! Hooks on gradients and on state_dicts are refused by name: no gradient is Python's here, and no file is read through them.

use super::object::{Native, Object, Partial, Shallow};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::nn::value::ModuleId;
use indexmap::IndexMap;
use std::cell::RefCell;
use std::rc::Rc;

/// A hook of a module.
#[derive(Clone, Debug)]
pub struct Hook {
    number: usize,
    before: bool,
    with_kwargs: bool,
    /// what is called
    pub function: Object,
}

/// `handle.remove()`
static REMOVE: Native = Native {
    name: "remove",
    run: |me, arguments| {
        let [module, number] = arguments.exactly("remove")?;
        if let (Object::Module(id), Object::Int(number)) = (module, number)
            && let Some(hooks) = me.hooks.get_mut(&id)
        {
            hooks.retain(|hook| i64::try_from(hook.number) != Ok(number));
        }
        Ok(Object::None)
    },
};

impl Interpreter {
    /// `module.register_forward_hook(hook)` and `register_forward_pre_hook`: a handle whose `remove()` takes it away. `None` for other functions.
    pub(super) fn register_hook(&mut self, function: &str, arguments: &Arguments) -> Outcome<Option<Object>> {
        let name = function.rsplit('.').next().unwrap_or(function);
        if !matches!(name, "register_forward_hook" | "register_forward_pre_hook") {
            return Ok(None);
        }
        let mut arguments = arguments.clone();
        let mut flag = |me: &mut Self, name: &str| match arguments.take(name) {
            Some(flag) => me.truth(&flag),
            None => Ok(false),
        };
        let (first, with_kwargs) = (flag(self, "prepend")?, flag(self, "with_kwargs")?);
        flag(self, "always_call")?;
        let [module, function] = arguments.bind(name, ["self", "hook"], 1)?;
        if function.is_none() {
            let text = format!("Module.{name}() missing 1 required positional argument: 'hook'");
            return Err(Raised::type_error(text));
        }
        let (Some(module @ Object::Module(id)), Some(function)) = (module, function) else {
            return Err(Raised::type_error(format!("{name}() needs a module and a function")));
        };
        let number = self.hooks.values().flatten().map(|hook| hook.number + 1).max().unwrap_or(0);
        let hooks = self.hooks.entry(id).or_default();
        let hook = Hook { number, before: name == "register_forward_pre_hook", with_kwargs, function };
        hooks.insert(if first { 0 } else { hooks.len() }, hook);
        let remove = Object::Partial(Rc::new(Partial {
            parts: Shallow(vec![Object::Native(&REMOVE), module, Object::Int(i64::try_from(number).unwrap_or(0))]),
            keywords: Shallow::default(),
        }));
        let class = self.namespace_class()?;
        let attributes: IndexMap<String, Object> = [("remove".to_owned(), remove)].into_iter().collect();
        let handle = super::object::Instance {
            class,
            attributes: Shallow(RefCell::new(attributes)),
            payload: RefCell::new(Object::None),
        };
        Ok(Some(Object::Instance(Rc::new(handle))))
    }

    /// forward between the hooks of its module.
    pub(super) fn hooked(&mut self, id: ModuleId, mut arguments: Arguments) -> Outcome<Object> {
        let Some(hooks) = self.hooks.get(&id).filter(|hooks| !hooks.is_empty()).cloned() else {
            return self.forward_of(id, arguments);
        };
        let module = Object::Module(id);
        let kwargs = |arguments: &Arguments| {
            Object::dict_of(arguments.keyword.iter().map(|(name, value)| (&**name, value.clone())))
        };
        for hook in hooks.iter().filter(|hook| hook.before) {
            let mut given = vec![module.clone(), Object::tuple(arguments.positional.clone())];
            if hook.with_kwargs {
                given.push(kwargs(&arguments));
            }
            match self.call_object(&hook.function, Arguments::of(given))? {
                Object::None => {}
                Object::Tuple(both) if hook.with_kwargs => {
                    if let [positional, keyword] = &both.items.0[..] {
                        arguments.positional = self.collect(positional)?;
                        arguments.keyword = self.keywords_of(keyword)?;
                    }
                }
                Object::Tuple(all) => arguments.positional.clone_from(&all.items.0),
                one => arguments.positional = vec![one],
            }
        }
        let mut output = self.forward_of(id, arguments.clone())?;
        for hook in hooks.iter().filter(|hook| !hook.before) {
            let mut given = vec![module.clone(), Object::tuple(arguments.positional.clone())];
            if hook.with_kwargs {
                given.push(kwargs(&arguments));
            }
            given.push(output.clone());
            match self.call_object(&hook.function, Arguments::of(given))? {
                Object::None => {}
                changed => output = changed,
            }
        }
        Ok(output)
    }

    /// A dict as keyword arguments.
    fn keywords_of(&self, dict: &Object) -> Outcome<Vec<(Rc<str>, Object)>> {
        let Object::Dict(dict) = dict else {
            return Err(Raised::type_error(
                "a forward pre-hook with kwargs must return None or a tuple of (new_args, new_kwargs)",
            ));
        };
        let entries = dict.entries.0.borrow();
        Ok(entries
            .values()
            .filter_map(|(key, value)| match key {
                Object::Str(key) => Some((key.clone(), value.clone())),
                _ => None,
            })
            .collect())
    }
}
