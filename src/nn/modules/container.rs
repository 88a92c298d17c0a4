//! `torch.nn.modules.container`: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict.

use super::attribute;
use crate::error::{Error, Result};
use crate::nn::function::{Args, Bound};
use crate::nn::host::Host;
use crate::nn::module::Class;
use crate::nn::value::{ModuleId, Value};

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.container.Sequential",
        aliases: &[],
        signature: "(*args)",
        init: |host, id, bound| {
            let args = bound.value("args").items().unwrap_or_default();
            match args.as_slice() {
                [Value::Dict(items)] => named(host, id, "Sequential", items),
                modules => numbered(host, id, "Sequential", modules),
            }
        },
        forward_signature: "(input)",
        forward: sequential,
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.container.ModuleList",
        aliases: &[],
        signature: "(modules=None)",
        init: |host, id, bound| numbered(host, id, "ModuleList", &bound.value("modules").items().unwrap_or_default()),
        forward_signature: "(*args, **kwargs)",
        forward: |_, _, _| Err(no_forward("ModuleList")),
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.container.ModuleDict",
        aliases: &[],
        signature: "(modules=None)",
        init: |host, id, bound| match bound.value("modules") {
            Value::Dict(items) => named(host, id, "ModuleDict", items),
            Value::None => Ok(()),
            pairs => {
                let pairs = pairs.items().unwrap_or_default();
                let pair = |p: &Value| match p.items().unwrap_or_default().as_slice() {
                    [key, value] => Some((key.clone(), value.clone())),
                    _ => None,
                };
                let items: Option<Vec<_>> = pairs.iter().map(pair).collect();
                let wrong = || Error::mismatch("ModuleDict update sequence element should have length 2");
                named(host, id, "ModuleDict", &items.ok_or_else(wrong)?)
            }
        },
        forward_signature: "(*args, **kwargs)",
        forward: |_, _, _| Err(no_forward("ModuleDict")),
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.container.ParameterList",
        aliases: &[],
        signature: "(values=None)",
        init: |host, id, bound| {
            let values = bound.value("values").items().unwrap_or_default();
            let pairs = values.into_iter().enumerate().map(|(at, value)| (at.to_string(), value));
            parameters(host, id, pairs.collect())
        },
        forward_signature: "(*args, **kwargs)",
        forward: |_, _, _| Err(no_forward("ParameterList")),
        setstate: |_| {},
    },
    Class {
        name: "torch.nn.modules.container.ParameterDict",
        aliases: &[],
        signature: "(parameters=None)",
        init: |host, id, bound| {
            let Value::Dict(items) = bound.value("parameters") else { return Ok(()) };
            let pairs = items.iter().map(|(key, value)| Ok((key_text(key)?, value.clone())));
            parameters(host, id, pairs.collect::<Result<_>>()?)
        },
        forward_signature: "(*args, **kwargs)",
        forward: |_, _, _| Err(no_forward("ParameterDict")),
        setstate: |_| {},
    },
];

fn no_forward(class: &str) -> Error {
    Error::mismatch(format!("NotImplementedError: Module [{class}] is missing the required \"forward\" function"))
}

fn key_text(key: &Value) -> Result<String> {
    match key {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(Error::mismatch(format!("module name should be a string. Got {}", other.type_name()))),
    }
}

/// Children `0`, `1`, ...
fn numbered(host: &mut dyn Host, id: ModuleId, class: &str, modules: &[Value]) -> Result<()> {
    let items: Vec<_> =
        modules.iter().enumerate().map(|(at, m)| (Value::Str(at.to_string().into()), m.clone())).collect();
    named(host, id, class, &items)
}

fn named(host: &mut dyn Host, id: ModuleId, class: &str, items: &[(Value, Value)]) -> Result<()> {
    for (key, value) in items {
        let child = match value {
            Value::Module(child) => Some(*child),
            Value::None => None,
            other => {
                return Err(Error::mismatch(format!("TypeError: {} is not a Module subclass", other.type_name()))
                    .at(class.to_owned()));
            }
        };
        attribute::module(host, id)?.children.insert(key_text(key)?, child);
    }
    Ok(())
}

/// Tensors become parameters, as in torch; other values stay attributes.
fn parameters(host: &mut dyn Host, id: ModuleId, items: Vec<(String, Value)>) -> Result<()> {
    for (name, value) in items {
        match value {
            Value::Tensor(tensor) => {
                let tensor = crate::nn::module::as_parameter(host, &tensor, true);
                attribute::module(host, id)?.parameters.insert(name, Some(tensor));
            }
            other => attribute::set(host, id, &name, other)?,
        }
    }
    Ok(())
}

fn sequential(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let children: Vec<_> = attribute::module(host, id)?.children.values().copied().collect();
    let mut input = bound.value("input").clone();
    for child in children {
        let child = child.ok_or_else(|| Error::mismatch("TypeError: 'NoneType' object is not callable"))?;
        input = host.call_module(child, Args { positional: vec![input], keyword: Vec::new() })?;
    }
    Ok(input)
}
