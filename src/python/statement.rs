//! Statements.

use super::environment::{Env, EnvKind};
use super::exceptions;
use super::function::Function;
use super::object::Object;
use super::program::place;
use super::raised::{Outcome, Raised, What};
use super::{Arguments, Interpreter};
use ruff_python_ast::{ExceptHandler, Expr, Stmt, StmtFor, StmtTry, StmtWith};
use std::rc::Rc;

/// How a block ended.
#[derive(Debug)]
pub enum Flow {
    /// at its end
    Normal,
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return value`
    Return(Object),
}

impl Interpreter {
    /// Runs a block.
    pub fn run(&mut self, env: &Rc<Env>, body: &[Stmt]) -> Outcome<Flow> {
        for statement in body {
            match self.execute(env, statement)? {
                Flow::Normal => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Normal)
    }

    /// `LOGGER.info(...)` with a logger that comes from a file which is not here: nothing depends on it.
    fn only_logs(&mut self, env: &Rc<Env>, expression: &Expr) -> bool {
        let Expr::Call(call) = expression else { return false };
        let Expr::Attribute(method) = &*call.func else { return false };
        matches!(
            method.attr.as_str(),
            "debug" | "info" | "warn" | "warning" | "error" | "exception" | "critical" | "log"
        ) && method.value.is_name_expr()
            && matches!(self.eval(env, &method.value), Ok(Object::Missing(_)))
    }

    /// Runs one statement; what it raises gets its place.
    pub fn execute(&mut self, env: &Rc<Env>, statement: &Stmt) -> Outcome<Flow> {
        self.step(1)?;
        self.deeper(|me| me.execute_one(env, statement)).map_err(|mut raised| {
            if raised.place.is_none() {
                raised.place = Some(place(&env.unit, statement));
            }
            raised
        })
    }

    fn execute_one(&mut self, env: &Rc<Env>, statement: &Stmt) -> Outcome<Flow> {
        match statement {
            Stmt::Expr(inner) if self.only_logs(env, &inner.value) => {}
            Stmt::Expr(inner) => {
                self.eval(env, &inner.value)?;
            }
            Stmt::Assign(inner) => {
                let value = self.eval(env, &inner.value)?;
                for target in &inner.targets {
                    self.assign(env, target, value.clone())?;
                }
            }
            Stmt::AugAssign(inner) => self.augmented(env, inner)?,
            Stmt::AnnAssign(inner) => self.annotated(env, inner)?,
            Stmt::Return(inner) => {
                return Ok(Flow::Return(match &inner.value {
                    Some(value) => self.eval(env, value)?,
                    None => Object::None,
                }));
            }
            Stmt::If(inner) => {
                if self.test(env, &inner.test)? {
                    return self.run(env, &inner.body);
                }
                for clause in &inner.elif_else_clauses {
                    let taken = match &clause.test {
                        Some(test) => self.test(env, test)?,
                        None => true,
                    };
                    if taken {
                        return self.run(env, &clause.body);
                    }
                }
            }
            Stmt::For(inner) => return self.for_loop(env, inner),
            Stmt::While(inner) => {
                while self.test(env, &inner.test)? {
                    self.step(1)?;
                    match self.run(env, &inner.body)? {
                        Flow::Break => return Ok(Flow::Normal),
                        Flow::Return(value) => return Ok(Flow::Return(value)),
                        Flow::Normal | Flow::Continue => {}
                    }
                }
                return self.run(env, &inner.orelse);
            }
            Stmt::Break(_) => return Ok(Flow::Break),
            Stmt::Continue(_) => return Ok(Flow::Continue),
            Stmt::Pass(_) | Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::TypeAlias(_) => {}
            Stmt::FunctionDef(def) => {
                if def.is_async {
                    return Err(Raised::unsupported("async functions"));
                }
                let code = env.unit.function(def);
                let function = Object::Function(Rc::new(Function::make(self, env, code)?));
                let decorated = self.decorate(env, function, &def.decorator_list)?;
                self.store(env, &def.name.id, decorated)?;
            }
            Stmt::ClassDef(def) => {
                let class = self.class_statement(env, def)?;
                let decorated = self.decorate(env, class, &def.decorator_list)?;
                self.store(env, &def.name.id, decorated)?;
            }
            Stmt::With(inner) => return self.with(env, inner),
            Stmt::Try(inner) => return self.try_statement(env, inner),
            Stmt::Raise(inner) => return Err(self.raise_statement(env, inner)),
            Stmt::Assert(inner) => {
                let holds = match self.test(env, &inner.test) {
                    // an assertion about values that only a run knows is not checked: nothing else depends on it
                    Err(raised) if matches!(&raised.what, What::Error(e) if e.code == "data_dependent") => {
                        self.trace.asking.withdraw();
                        true
                    }
                    other => other?,
                };
                if !holds {
                    let text = match &inner.msg {
                        Some(message) => {
                            let message = self.eval(env, message)?;
                            self.text(&message)?
                        }
                        None => String::new(),
                    };
                    let mut raised = Raised::assertion(text);
                    raised.place = Some(place(&env.unit, statement));
                    return Err(raised);
                }
            }
            Stmt::Delete(inner) => {
                for target in &inner.targets {
                    self.delete_target(env, target)?;
                }
            }
            Stmt::Import(inner) => {
                for alias in &inner.names {
                    self.import(env, alias)?;
                }
            }
            Stmt::ImportFrom(inner) => self.import_from(env, inner)?,
            Stmt::Match(inner) => return self.match_statement(env, inner),
            Stmt::IpyEscapeCommand(_) => return Err(Raised::syntax_error("invalid syntax")),
        }
        Ok(Flow::Normal)
    }

    /// The truth of a condition.
    pub fn test(&mut self, env: &Rc<Env>, test: &Expr) -> Outcome<bool> {
        let value = self.eval(env, test)?;
        self.here(env, test);
        self.truth(&value).map_err(|mut raised| {
            raised.place.get_or_insert_with(|| place(&env.unit, test));
            raised
        })
    }

    fn decorate(
        &mut self,
        env: &Rc<Env>,
        mut object: Object,
        decorators: &[ruff_python_ast::Decorator],
    ) -> Outcome<Object> {
        for decorator in decorators.iter().rev() {
            let function = self.eval(env, &decorator.expression)?;
            self.here(env, decorator);
            object = self.call_object(&function, Arguments::of(vec![object])).map_err(|mut raised| {
                raised.place.get_or_insert_with(|| place(&env.unit, decorator));
                raised
            })?;
        }
        Ok(object)
    }

    fn for_loop(&mut self, env: &Rc<Env>, inner: &StmtFor) -> Outcome<Flow> {
        if inner.is_async {
            return Err(Raised::unsupported("async for"));
        }
        let iterable = self.eval(env, &inner.iter)?;
        self.here(env, &*inner.iter);
        let iterator = self.iter(&iterable).map_err(|mut raised| {
            raised.place.get_or_insert_with(|| place(&env.unit, &*inner.iter));
            raised
        })?;
        while let Some(item) = self.next(&iterator)? {
            self.step(1)?;
            self.assign(env, &inner.target, item)?;
            match self.run(env, &inner.body)? {
                Flow::Break => return Ok(Flow::Normal),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Normal | Flow::Continue => {}
            }
        }
        self.run(env, &inner.orelse)
    }

    fn with(&mut self, env: &Rc<Env>, inner: &StmtWith) -> Outcome<Flow> {
        if inner.is_async {
            return Err(Raised::unsupported("async with"));
        }
        self.with_items(env, inner, 0)
    }

    /// The items of a `with` from one on, each around the next, the body within the last.
    pub(super) fn with_items(&mut self, env: &Rc<Env>, inner: &StmtWith, at: usize) -> Outcome<Flow> {
        let Some(item) = inner.items.get(at) else { return self.run(env, &inner.body) };
        let manager = self.eval(env, &item.context_expr)?;
        self.here(env, &item.context_expr);
        if let Some(flow) = self.managed(env, inner, at, &manager)? {
            return Ok(flow);
        }
        let value = self.enter(&manager)?;
        let bound = match &item.optional_vars {
            Some(target) => self.assign(env, target, value),
            None => Ok(()),
        };
        let mut result = bound.and_then(|()| self.with_items(env, inner, at + 1));
        let exception = match &result {
            Err(raised) => self.exception(raised),
            Ok(_) => None,
        };
        if result.is_err() && exception.is_none() {
            // a limit or a refusal: nothing may swallow it
            self.exit(&manager, None)?;
        } else if self.exit(&manager, exception)? && result.is_err() {
            result = Ok(Flow::Normal);
        }
        result
    }

    fn try_statement(&mut self, env: &Rc<Env>, inner: &StmtTry) -> Outcome<Flow> {
        let catches_imports = inner.handlers.iter().any(|ExceptHandler::ExceptHandler(handler)| {
            let named = |e: &Expr| matches!(e, Expr::Name(n) if matches!(n.id.as_str(), "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException"));
            match handler.type_.as_deref() {
                None => true,
                Some(Expr::Tuple(types)) => types.elts.iter().any(named),
                Some(one) => named(one),
            }
        });
        let imports = self.catching_imports;
        self.catching_imports = imports || catches_imports;
        let tried = self.run(env, &inner.body);
        self.catching_imports = imports;
        let mut result = match tried {
            Err(raised) => self.handle(env, inner, raised),
            Ok(Flow::Normal) => self.run(env, &inner.orelse),
            flow => flow,
        };
        match self.run(env, &inner.finalbody)? {
            Flow::Normal => {}
            flow => result = Ok(flow),
        }
        result
    }

    fn handle(&mut self, env: &Rc<Env>, inner: &StmtTry, raised: Box<Raised>) -> Outcome<Flow> {
        let Some(exception) = self.exception(&raised) else { return Err(raised) };
        for ExceptHandler::ExceptHandler(handler) in &inner.handlers {
            let matches = match &handler.type_ {
                None => true,
                Some(kind) => {
                    let kind = self.eval(env, kind)?;
                    self.is_instance(&Object::Instance(exception.clone()), &kind)?
                }
            };
            if !matches {
                continue;
            }
            if let Some(name) = &handler.name {
                self.store(env, &name.id, Object::Instance(exception.clone()))?;
            }
            env.handled.borrow_mut().push((*raised).clone());
            let result = self.run(env, &handler.body);
            env.handled.borrow_mut().pop();
            if let Some(name) = &handler.name {
                // Python unbinds the name; a `del` in the body already did
                let _ = self.delete(env, &name.id);
            }
            return result;
        }
        Err(raised)
    }

    fn raise_statement(&mut self, env: &Rc<Env>, inner: &ruff_python_ast::StmtRaise) -> Box<Raised> {
        let Some(value) = &inner.exc else {
            let mut frame = Some(env.clone());
            while let Some(env) = frame {
                if let Some(raised) = env.handled.borrow().last() {
                    return Box::new(raised.clone());
                }
                frame = if env.kind == EnvKind::Comprehension { env.parent.clone() } else { None };
            }
            return Raised::runtime_error("No active exception to reraise");
        };
        let mut raised = match self.eval(env, value) {
            Ok(value) => self.raise(value),
            Err(raised) => return raised,
        };
        if let What::Object(instance) = &raised.what
            && let Some(cause) = &inner.cause
        {
            match self.eval(env, cause) {
                Ok(cause) => {
                    instance.attributes.0.borrow_mut().insert("__cause__".to_owned(), cause);
                }
                Err(raised) => return raised,
            }
        }
        raised.place.get_or_insert_with(|| place(&env.unit, inner));
        raised
    }

    /// `manager.__enter__()`
    fn enter(&mut self, manager: &Object) -> Outcome<Object> {
        match manager {
            Object::Inert(_) => {
                self.enter_torch(manager);
                Ok(manager.clone())
            }
            Object::Instance(_) | Object::Module(_) => {
                let method = self.attribute(manager, "__enter__").map_err(|_| self.no_manager(manager))?;
                self.call_object(&method, Arguments::default())
            }
            Object::Missing(why) => Err(Raised::missing(why)),
            _ => Err(self.no_manager(manager)),
        }
    }

    fn no_manager(&self, manager: &Object) -> Box<Raised> {
        let name = self.type_name(manager);
        Raised::type_error(format!("'{name}' object does not support the context manager protocol"))
    }

    /// `manager.__exit__(...)`: whether the exception is swallowed.
    fn exit(&mut self, manager: &Object, exception: Option<Rc<super::object::Instance>>) -> Outcome<bool> {
        if let Object::Inert(_) = manager {
            self.exit_torch(manager);
            return Ok(false);
        }
        let method = self.attribute(manager, "__exit__")?;
        let arguments = match exception {
            Some(e) => vec![Object::Class(e.class.clone()), Object::Instance(e), Object::None],
            None => vec![Object::None; 3],
        };
        let swallowed = self.call_object(&method, Arguments::of(arguments))?;
        self.truth(&swallowed)
    }
}

/// The names that `except` may see.
pub fn is_exception(name: &str) -> bool {
    exceptions::TABLE.iter().any(|(known, _)| *known == name)
}
