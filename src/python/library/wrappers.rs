//! `functools`, `operator`, `abc`: functions about functions.

use crate::python::number::Number;
use crate::python::object::{Native, Object, Partial, Property, Shallow};
use crate::python::operator::object;
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use ruff_python_ast::{CmpOp, Operator};
use std::rc::Rc;

/// The functions of a package.
pub fn table(package: &str) -> &'static [Native] {
    match package {
        "functools" => FUNCTOOLS,
        "operator" => OPERATOR,
        "abc" => ABC,
        _ => &[],
    }
}

static IDENTITY: Native =
    Native { name: "identity", run: |_, a| Ok(a.positional.into_iter().next_back().unwrap_or_default()) };

static FUNCTOOLS: &[Native] = &[
    Native {
        name: "reduce",
        run: |me, a| {
            let [function, iterable, initial] = a.bind("reduce", ["function", "iterable", "initial"], 2)?;
            let function = function.unwrap_or_default();
            let iterator = me.iter(&iterable.unwrap_or_default())?;
            let mut total = match initial {
                Some(initial) => initial,
                None => me
                    .next(&iterator)?
                    .ok_or_else(|| Raised::type_error("reduce() of empty iterable with no initial value"))?,
            };
            while let Some(item) = me.next(&iterator)? {
                total = me.call_object(&function, Arguments::of(vec![total, item]))?;
            }
            Ok(total)
        },
    },
    // the wrapper takes the name of what it wraps
    Native {
        name: "wraps",
        run: |_, a| {
            let wrapped = a.positional.into_iter().next().unwrap_or_default();
            Ok(Object::Partial(Rc::new(Partial {
                parts: Shallow(vec![Object::Native(&WRAP), wrapped]),
                keywords: Shallow::default(),
            })))
        },
    },
    Native { name: "update_wrapper", run: |_, a| Ok(a.positional.into_iter().next().unwrap_or_default()) },
    // a cache changes nothing but time
    Native {
        name: "lru_cache",
        run: |_, a| {
            Ok(match a.positional.into_iter().next() {
                Some(function @ (Object::Function(_) | Object::Bound(_) | Object::Class(_) | Object::Static(_))) => {
                    function
                }
                _ => Object::Native(&IDENTITY),
            })
        },
    },
    Native {
        name: "cache",
        run: |_, a| {
            let [f] = a.exactly("cache")?;
            Ok(f)
        },
    },
    Native {
        name: "total_ordering",
        run: |_, a| {
            let [c] = a.exactly("total_ordering")?;
            Ok(c)
        },
    },
];

static WRAP: Native = Native {
    name: "wraps",
    run: |me, a| {
        let [wrapped, wrapper] = a.exactly("wraps")?;
        if let Object::Function(function) = &wrapper {
            for name in ["__name__", "__qualname__"] {
                if let Some(value) = me.find_attribute(&wrapped, name)? {
                    function.attributes.borrow_mut().insert(name.to_owned(), value);
                }
            }
            function.attributes.borrow_mut().insert("__wrapped__".to_owned(), wrapped);
        }
        Ok(wrapper)
    },
};

macro_rules! operators {
    ($($name:literal => $op:expr;)*) => {
        &[
            $(Native { name: $name, run: |me, a| { let [x, y] = a.exactly($name)?; me.binary($op, &x, &y) } },)*
            Native { name: "neg", run: |me, a| { let [x] = a.exactly("neg")?; me.unary(ruff_python_ast::UnaryOp::USub, &x) } },
            Native { name: "eq", run: |me, a| { let [x, y] = a.exactly("eq")?; me.compare(CmpOp::Eq, &x, &y) } },
            Native { name: "lt", run: |me, a| { let [x, y] = a.exactly("lt")?; me.compare(CmpOp::Lt, &x, &y) } },
            Native { name: "gt", run: |me, a| { let [x, y] = a.exactly("gt")?; me.compare(CmpOp::Gt, &x, &y) } },
            Native { name: "getitem", run: |me, a| { let [x, y] = a.exactly("getitem")?; me.get_item(&x, &y) } },
            Native { name: "index", run: |me, a| { let [x] = a.exactly("index")?; me.index(&x).map(|i| object(Number::Int(i))) } },
            Native { name: "itemgetter", run: |_, a| bound(&ITEM, a) },
            Native { name: "attrgetter", run: |_, a| bound(&ATTRIBUTE, a) },
        ]
    };
}

static OPERATOR: &[Native] = operators! {
    "add" => Operator::Add;
    "sub" => Operator::Sub;
    "mul" => Operator::Mult;
    "truediv" => Operator::Div;
    "floordiv" => Operator::FloorDiv;
    "mod" => Operator::Mod;
    "pow" => Operator::Pow;
    "matmul" => Operator::MatMult;
    "and_" => Operator::BitAnd;
    "or_" => Operator::BitOr;
};

static ITEM: Native = Native { name: "itemgetter", run: |me, a| each(me, a, |me, x, key| me.get_item(x, key)) };
static ATTRIBUTE: Native = Native {
    name: "attrgetter",
    run: |me, a| {
        each(me, a, |me, x, key| {
            let path = me.text(key)?;
            let mut value = x.clone();
            for name in path.split('.') {
                value = me.attribute(&value, name)?;
            }
            Ok(value)
        })
    },
};

fn bound(native: &'static Native, arguments: Arguments) -> Outcome<Object> {
    let parts = [vec![Object::Native(native)], arguments.positional].concat();
    Ok(Object::Partial(Rc::new(Partial { parts: Shallow(parts), keywords: Shallow::default() })))
}

fn each(
    me: &mut Interpreter,
    arguments: Arguments,
    get: fn(&mut Interpreter, &Object, &Object) -> Outcome<Object>,
) -> Outcome<Object> {
    let Some((x, keys)) = arguments.positional.split_last() else {
        return Err(Raised::type_error("itemgetter expected 1 argument, got 0"));
    };
    if let [key] = keys {
        return get(me, x, key);
    }
    keys.iter().map(|key| get(me, x, key)).collect::<Outcome<_>>().map(Object::tuple)
}

static ABC: &[Native] = &[
    Native {
        name: "abstractmethod",
        run: |_, a| {
            let [f] = a.exactly("abstractmethod")?;
            let function = match &f {
                Object::Function(function) => Some(function.clone()),
                Object::Property(property) => match &property.fget {
                    Object::Function(function) => Some(function.clone()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(function) = function {
                function.attributes.borrow_mut().insert("__isabstractmethod__".to_owned(), Object::Bool(true));
            }
            Ok(f)
        },
    },
    Native {
        name: "abstractproperty",
        run: |_, a| {
            let [fget] = a.exactly("abstractproperty")?;
            Ok(Object::Property(Rc::new(Property { fget, ..Property::default() })))
        },
    },
];
