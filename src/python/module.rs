//! The protocol of nn.Module: attributes, construction, `__call__`, for torch's classes and the user's that inherit from them.

use super::class::{Class, ClassKind};
use super::object::{Bound, Native, Object, Partial, Shallow};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::graph::LeafKind;
use crate::nn::host::Host;
use crate::nn::module::{self, ClassRef, Module, Modules};
use crate::nn::reparametrize;
use crate::nn::value::{ModuleId, Tensor, Value};
use std::collections::HashMap;
use std::rc::Rc;

/// `torch.nn.X.__init__(self, ...)`: the class, the module, the arguments.
static INIT: Native = Native { name: "__init__", run: init };
/// `torch.nn.X.forward(self, ...)`
static FORWARD: Native = Native { name: "forward", run: forward };
/// `nn.Module.__setattr__(self, name, value)`
static SETATTR: Native = Native {
    name: "Module.__setattr__",
    run: |me, arguments| {
        let [_, object, name, value] = arguments.exactly("Module.__setattr__")?;
        let name = me.text(&name)?;
        match object {
            Object::Module(id) => me.plain_setattr(id, &name, value).map(|()| Object::None),
            object => me.set_attribute(&object, &name, value).map(|()| Object::None),
        }
    },
};
/// `nn.Module.__getattr__(self, name)`
static GETATTR: Native = Native {
    name: "Module.__getattr__",
    run: |me, arguments| {
        let [_, object, name] = arguments.exactly("Module.__getattr__")?;
        let name = me.text(&name)?;
        match object {
            Object::Module(id) => match me.registered(id, &name) {
                Some(Object::Tensor(tensor)) => me.seen(tensor),
                Some(value) => Ok(value),
                None => Err(me.no_attribute(&object, &name)),
            },
            object => me.attribute(&object, &name),
        }
    },
};
/// `nn.Module.__call__(self, ...)`
static CALL: Native = Native {
    name: "Module.__call__",
    run: |me, mut arguments| {
        if arguments.positional.len() < 2 {
            return Err(Raised::type_error("unbound method Module.__call__() needs an argument"));
        }
        arguments.positional.remove(0);
        let object = arguments.positional.remove(0);
        match object {
            Object::Module(id) => me.run_module(id, arguments),
            object => me.call_object(&object, arguments),
        }
    },
};

fn init(me: &mut Interpreter, mut arguments: Arguments) -> Outcome<Object> {
    if arguments.positional.len() < 2 {
        return Err(Raised::type_error("Module.__init__() missing 1 required positional argument: 'self'"));
    }
    let class = arguments.positional.remove(0);
    let object = arguments.positional.remove(0);
    let (Object::Class(class), Object::Module(id)) = (class, object) else {
        return Err(Raised::type_error("descriptor '__init__' requires a 'torch.nn.Module' object"));
    };
    me.initialised.insert(id);
    match class.kind {
        ClassKind::Torch(torch) => {
            let arguments = me.nn_arguments(arguments)?;
            me.at_line();
            module::init(me, id, torch, arguments)?;
        }
        _ if !arguments.positional.is_empty() || !arguments.keyword.is_empty() => {
            // nn.Module.__init__ passes nothing on, as call_super_init is off
            let text = match arguments.keyword.first() {
                Some((key, _)) => format!("got an unexpected keyword argument '{key}'"),
                None => {
                    let given = arguments.positional.len() + 1;
                    format!("takes 1 positional argument but {given} were given")
                }
            };
            return Err(Raised::type_error(format!("{}.__init__() {text}", me.type_name(&Object::Module(id)))));
        }
        _ => {}
    }
    Ok(Object::None)
}

fn forward(me: &mut Interpreter, mut arguments: Arguments) -> Outcome<Object> {
    if arguments.positional.len() < 2 {
        return Err(Raised::type_error("forward() missing 1 required positional argument: 'self'"));
    }
    let class = arguments.positional.remove(0);
    let object = arguments.positional.remove(0);
    let (Object::Class(class), Object::Module(id)) = (class, object) else {
        return Err(Raised::type_error("descriptor 'forward' requires a 'torch.nn.Module' object"));
    };
    match class.kind {
        ClassKind::Torch(torch) => me.torch_forward(id, torch, arguments),
        _ => Err(no_forward(&me.type_name(&Object::Module(id)))),
    }
}

fn no_forward(name: &str) -> Box<Raised> {
    Raised::not_implemented(format!("Module [{name}] is missing the required \"forward\" function"))
}

impl Interpreter {
    /// The class of a module; `None` for ids of another trace.
    pub fn module_class(&self, id: ModuleId) -> Option<Rc<Class>> {
        if let Some(class) = self.module_classes.get(&id) {
            return Some(class.clone());
        }
        match &self.trace.modules.get(id)?.class {
            ClassRef::Torch(torch) => Some(self.torch_class(torch)),
            ClassRef::User { name, .. } => {
                self.classes.iter().rev().find(|class| class.qualname == **name && class.is_module()).cloned()
            }
        }
    }

    /// Whether `nn.Module.__init__` ran.
    pub fn is_initialised(&self, id: ModuleId) -> bool {
        self.initialised.contains(&id) || !self.module_classes.contains_key(&id)
    }

    /// A module of a user's class before its `__init__`.
    pub fn allocate_module(&mut self, class: &Rc<Class>) -> ModuleId {
        let id = self.trace.modules.add(Module {
            class: ClassRef::User { name: Rc::from(class.qualname.as_str()), base: class.torch() },
            training: true,
            attributes: Default::default(),
            parameters: Default::default(),
            buffers: Default::default(),
            non_persistent: Default::default(),
            children: Default::default(),
            reparametrized: Vec::new(),
        });
        self.module_classes.insert(id, class.clone());
        id
    }

    /// `class(*arguments)` of a class that inherits from nn.Module.
    pub fn construct_module(&mut self, class: &Rc<Class>, arguments: Arguments) -> Outcome<Object> {
        self.step(16)?;
        match class.kind {
            ClassKind::Torch(torch) => {
                let arguments = self.nn_arguments(arguments)?;
                self.at_line();
                return Ok(Object::Module(module::construct(self, torch, arguments)?));
            }
            ClassKind::Module if &*class.name != "Module" => {
                return Err(Raised::unsupported(format!("{} as a module of its own", class.qualname)));
            }
            _ => {}
        }
        let id = self.allocate_module(class);
        let object = Object::Module(id);
        match class.lookup("__init__") {
            Some(method) => {
                let result = self.call_object(&method, arguments.prepend(object.clone()))?;
                if !matches!(result, Object::None) {
                    let name = self.type_name(&result);
                    return Err(Raised::type_error(format!("__init__() should return None, not '{name}'")));
                }
            }
            None => {
                let init = self.inherited(class.lineage(), "__init__", None).unwrap_or_default();
                self.call_object(&init, arguments.prepend(object.clone()))?;
            }
        }
        Ok(object)
    }

    /// What torch's own classes give by name: `__init__`, `forward`, methods.
    pub fn torch_class_attribute(&self, class: &Class, name: &str) -> Option<Object> {
        let native = match name {
            "__init__" => Some(&INIT),
            "forward" if matches!(class.kind, ClassKind::Torch(_)) => Some(&FORWARD),
            "__setattr__" if &*class.name == "Module" => Some(&SETATTR),
            "__getattr__" if &*class.name == "Module" => Some(&GETATTR),
            "__call__" if &*class.name == "Module" => Some(&CALL),
            _ => None,
        };
        if let Some(native) = native {
            let class = match class.kind {
                ClassKind::Torch(torch) => self.torch_class(torch),
                _ => self.module_base(),
            };
            return Some(Object::Partial(Rc::new(Partial {
                parts: Shallow(vec![Object::Native(native), Object::Class(class)]),
                keywords: Shallow::default(),
            })));
        }
        super::torch::class_method(&class.name, name).map(Object::Torch)
    }

    /// `module.name`.
    pub fn module_attribute(&mut self, id: ModuleId, name: &str) -> Outcome<Option<Object>> {
        let object = Object::Module(id);
        if let Some(call) = self.scripted_forward(id, name) {
            return Ok(Some(call));
        }
        let Some(class) = self.module_class(id) else { return Ok(None) };
        let from_class = class.lookup(name);
        if let Some(Object::Property(property)) = &from_class
            && property.cached.is_none()
        {
            // an AttributeError inside a property reaches nn.Module.__getattr__
            return self.bind_attribute(Object::Property(property.clone()), &object, &class).map(Some);
        }
        let Some(module) = self.trace.modules.get(id) else { return Ok(None) };
        if name == "training" {
            return Ok(Some(Object::Bool(module.training)));
        }
        if module.reparametrized.iter().any(|computed| computed.name == name) {
            reparametrize::refresh(self, id)?;
        }
        let Some(module) = self.trace.modules.get(id) else { return Ok(None) };
        if let Some(value) = module.attributes.get(name).cloned() {
            let value = self.attribute_object(id, name, value);
            return Ok(Some(value));
        }
        if let Some(value) = from_class {
            return self.bind_attribute(value, &object, &class).map(Some);
        }
        match self.registered(id, name) {
            Some(Object::Tensor(tensor)) => return self.seen(tensor).map(Some),
            Some(value) => return Ok(Some(value)),
            None => {}
        }
        match name {
            "_modules" | "_parameters" | "_buffers" => return Ok(Some(self.registry(id, name))),
            "__dict__" => {
                let names: Vec<String> =
                    self.trace.modules.get(id).map(|m| m.attributes.keys().cloned().collect()).unwrap_or_default();
                let dict = Object::dict();
                for name in names {
                    if let Some(value) = self.module_attribute(id, &name)? {
                        self.set_item(&dict, &Object::str(&name), value)?;
                    }
                }
                return Ok(Some(dict));
            }
            _ => {}
        }
        if let Some(value) = self.inherited(class.lineage(), name, Some(&object)) {
            return Ok(Some(value));
        }
        match class.lookup("__getattr__") {
            Some(method) => self.call_object(&method, Arguments::of(vec![object, Object::str(name)])).map(Some),
            None => Ok(None),
        }
    }

    /// A parameter, buffer or child.
    pub fn registered(&self, id: ModuleId, name: &str) -> Option<Object> {
        let module = self.trace.modules.get(id)?;
        if let Some(tensor) = module.parameters.get(name).or_else(|| module.buffers.get(name)) {
            return Some(tensor.clone().map_or(Object::None, Object::Tensor));
        }
        module.children.get(name).map(|child| child.map_or(Object::None, Object::Module))
    }

    fn registry(&self, id: ModuleId, name: &str) -> Object {
        let Some(module) = self.trace.modules.get(id) else { return Object::dict() };
        let tensor = |t: &Option<Tensor>| t.clone().map_or(Object::None, Object::Tensor);
        match name {
            "_modules" => Object::dict_of(
                module.children.iter().map(|(k, v)| (k.as_str(), v.map_or(Object::None, Object::Module))),
            ),
            "_parameters" => Object::dict_of(module.parameters.iter().map(|(k, v)| (k.as_str(), tensor(v)))),
            _ => Object::dict_of(module.buffers.iter().map(|(k, v)| (k.as_str(), tensor(v)))),
        }
    }

    /// `module.name = value`.
    pub fn set_module_attribute(&mut self, id: ModuleId, name: &str, value: Object) -> Outcome<()> {
        self.step(1)?;
        if let Some(class) = self.module_class(id) {
            if let Some(Object::Property(property)) = class.lookup(name)
                && property.cached.is_none()
                && !matches!(value, Object::Module(_))
            {
                return self.set_property(&property, &Object::Module(id), name, value);
            }
            if let Some(method) = class.lookup("__setattr__") {
                let arguments = vec![Object::Module(id), Object::str(name), value];
                return self.call_object(&method, Arguments::of(arguments)).map(drop);
            }
        }
        self.plain_setattr(id, name, value)
    }

    /// `nn.Module.__setattr__`.
    fn plain_setattr(&mut self, id: ModuleId, name: &str, value: Object) -> Outcome<()> {
        let initialised = self.is_initialised(id);
        let value = match &value {
            Object::Instance(instance) => super::complex::pairs(instance).map_or(value.clone(), Object::Tensor),
            _ => value,
        };
        let text = match &value {
            Object::Tensor(_) => "torch.FloatTensor".to_owned(),
            other => self.type_name(other),
        };
        let parameter = matches!(&value, Object::Tensor(tensor) if self.is_parameter(tensor));
        if let Object::Tensor(tensor) = &value
            && !self.trace.in_forward()
            && self.trace.modules.get(id).is_some_and(|module| module.buffers.contains_key(name))
        {
            module::as_buffer(self, tensor);
        }
        let Some(module) = self.trace.modules.get_mut(id) else { return Ok(()) };
        let expected = |kind: &str, wanted: &str| {
            Err(Raised::type_error(format!("cannot assign '{text}' as {kind} '{name}' ({wanted} or None expected)")))
        };
        match value {
            Object::Tensor(tensor) if parameter => {
                if !initialised {
                    return Err(Raised::attribute_error("cannot assign parameters before Module.__init__() call"));
                }
                module.attributes.shift_remove(name);
                module.buffers.shift_remove(name);
                module.children.shift_remove(name);
                module.parameters.insert(name.to_owned(), Some(tensor));
            }
            Object::None if module.parameters.contains_key(name) => {
                module.parameters.insert(name.to_owned(), None);
            }
            _ if module.parameters.contains_key(name) => return expected("parameter", "torch.nn.Parameter"),
            Object::Module(child) => {
                if !initialised {
                    return Err(Raised::attribute_error("cannot assign module before Module.__init__() call"));
                }
                module.attributes.shift_remove(name);
                module.buffers.shift_remove(name);
                module.children.insert(name.to_owned(), Some(child));
            }
            Object::None if module.children.contains_key(name) => {
                module.children.insert(name.to_owned(), None);
            }
            _ if module.children.contains_key(name) => return expected("child module", "torch.nn.Module"),
            Object::Tensor(tensor) if module.buffers.contains_key(name) => {
                module.buffers.insert(name.to_owned(), Some(tensor));
            }
            Object::None if module.buffers.contains_key(name) => {
                module.buffers.insert(name.to_owned(), None);
            }
            _ if module.buffers.contains_key(name) => return expected("buffer", "torch.Tensor"),
            Object::Bool(training) if name == "training" => module.training = training,
            value => self.set_plain(id, name, value)?,
        }
        Ok(())
    }

    /// Sets a plain attribute.
    pub fn set_plain(&mut self, id: ModuleId, name: &str, value: Object) -> Outcome<()> {
        let value = self.attribute_value(value);
        if let Some(module) = self.trace.modules.get_mut(id) {
            module.attributes.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// A plain attribute as an object. Lists and dicts become objects with identity at the first look.
    fn attribute_object(&mut self, id: ModuleId, name: &str, value: Value) -> Object {
        let mutable = matches!(value, Value::List(_) | Value::Dict(_));
        let object = self.object_of(value);
        let user = matches!(self.trace.modules.get(id).map(|m| &m.class), Some(ClassRef::User { base: None, .. }));
        if mutable
            && user
            && let Some(module) = self.trace.modules.get_mut(id)
        {
            module.attributes.insert(name.to_owned(), Value::Host(Rc::new(object.clone())));
        }
        object
    }

    /// `del module.name`.
    pub fn delete_module_attribute(&mut self, id: ModuleId, name: &str) -> bool {
        let Some(module) = self.trace.modules.get_mut(id) else { return false };
        module.parameters.shift_remove(name).is_some()
            || module.buffers.shift_remove(name).is_some()
            || module.children.shift_remove(name).is_some()
            || module.attributes.shift_remove(name).is_some()
    }

    /// Whether a tensor is an `nn.Parameter`.
    pub fn is_parameter(&self, tensor: &Tensor) -> bool {
        let value = tensor.value();
        let leaves = &self.trace.graph.graph().leaves;
        leaves.iter().any(|leaf| leaf.value == value && leaf.kind == LeafKind::Parameter)
    }

    /// `module.NAME(...)` for a special method; `None` where its class has none.
    pub fn module_method(&mut self, object: &Object, name: &str, arguments: Arguments) -> Outcome<Option<Object>> {
        let Object::Module(id) = object else { return Ok(None) };
        let Some(class) = self.module_class(*id) else { return Ok(None) };
        let method = match class.lookup(name) {
            Some(method) => Some(Bound::object(object.clone(), method)),
            None => self.inherited(class.lineage(), name, Some(object)),
        };
        match method {
            Some(method) => self.call_object(&method, arguments).map(Some),
            None => Ok(None),
        }
    }

    /// `len(module)`, where it has one.
    pub fn module_length(&mut self, object: &Object) -> Outcome<Option<i64>> {
        match self.module_method(object, "__len__", Arguments::default())? {
            Some(length) => self.index(&length).map(Some),
            None => Ok(None),
        }
    }

    /// `iter(module)`.
    pub fn module_iter(&mut self, object: &Object) -> Outcome<Object> {
        if let Some(iterable) = self.module_method(object, "__iter__", Arguments::default())? {
            return self.iter(&iterable);
        }
        Err(self.not_iterable(object))
    }

    /// `module(*arguments)`.
    pub fn call_module_object(&mut self, id: ModuleId, arguments: Arguments) -> Outcome<Object> {
        if let Some(class) = self.module_class(id)
            && let Some(method) = class.lookup("__call__")
        {
            return self.call_object(&method, arguments.prepend(Object::Module(id)));
        }
        self.run_module(id, arguments)
    }

    /// `forward`, with the graph's scope at the module's path.
    fn run_module(&mut self, id: ModuleId, arguments: Arguments) -> Outcome<Object> {
        let outermost = self.calls == 0;
        if outermost {
            self.paths = paths(&self.trace.modules, id);
        }
        let before = self.paths.get(&id).cloned().map(|path| self.trace.graph.enter(path));
        let place = self.place.clone();
        self.calls += 1;
        let result = self.deeper(|me| me.hooked(id, arguments));
        self.calls -= 1;
        self.place = place;
        if let Some(before) = before {
            self.trace.graph.enter(before);
        }
        self.at_line();
        result
    }

    /// `module.forward(*arguments)`.
    pub(super) fn forward_of(&mut self, id: ModuleId, arguments: Arguments) -> Outcome<Object> {
        let object = Object::Module(id);
        reparametrize::refresh(self, id)?;
        // an instance may carry its own forward: `self.forward = self._forward_impl`
        let own = self.trace.modules.get(id).and_then(|module| module.attributes.get("forward").cloned());
        if let Some(own) = own {
            let function = self.object_of(own);
            return self.call_object(&function, arguments);
        }
        let class = self.module_class(id);
        if let Some(method) = class.as_ref().and_then(|class| class.lookup("forward")) {
            let method = match method {
                Object::Static(function) => return self.call_object(&function, arguments),
                other => other,
            };
            return self.call_object(&method, arguments.prepend(object));
        }
        match class.as_ref().and_then(|class| class.torch()) {
            Some(torch) => self.torch_forward(id, torch, arguments),
            None => Err(no_forward(&self.type_name(&object))),
        }
    }

    fn torch_forward(&mut self, id: ModuleId, torch: &'static module::Class, arguments: Arguments) -> Outcome<Object> {
        let arguments = self.nn_arguments(arguments)?;
        self.at_line();
        self.step(16)?;
        let value = module::forward(self, id, torch, arguments)?;
        Ok(self.object_of(value))
    }

    /// Tells the builder the line of the source that runs now.
    pub fn at_line(&mut self) {
        if self.place.as_ref().is_some_and(|(unit, _)| self.is_packaged(unit)) {
            return;
        }
        let line = self.place.as_ref().map(|(unit, at)| unit.line(*at));
        self.trace().graph.at_line(line);
    }
}

/// The dotted path of every module under a root; a shared one has its first.
fn paths(modules: &Modules, root: ModuleId) -> HashMap<ModuleId, String> {
    let mut found = HashMap::from([(root, String::new())]);
    let mut pending = vec![(root, String::new())];
    while let Some((id, path)) = pending.pop() {
        let Some(module) = modules.get(id) else { continue };
        for (name, child) in module.children.iter().rev() {
            let Some(child) = child else { continue };
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if !found.contains_key(child) {
                found.insert(*child, path.clone());
                pending.push((*child, path));
            }
        }
    }
    found
}
