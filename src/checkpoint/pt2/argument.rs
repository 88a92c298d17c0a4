//! Arguments of torch.export's nodes as Python expressions.
//!
//! Nothing of the file enters the text as it stands: names are checked to be Python's, strings are written with escapes.

use super::schema::{Union, dtype};
use crate::error::{Error, Result};
use crate::literal::quoted;
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// Names that a program's own values may not take.
const RESERVED: &[&str] = &[
    "self", "torch", "nn", "F", "math", "super", "len", "int", "float", "bool", "max", "min", "abs", "False", "None",
    "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
    "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether a text is one of Python's names, in ASCII.
pub fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
}

/// `a.b.c`
pub fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_name)
}

/// Whether a name means something else in the text that is written.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Values of one graph, by their names in the file: what the text calls them.
#[derive(Default)]
pub struct Names {
    known: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Names {
    /// A new local name, taken by nothing before it.
    pub fn define(&mut self, name: &str) -> Result<String> {
        if !is_name(name) {
            return Err(Error::malformed(format!("{name:?} is no name of a value")));
        }
        let mut local = name.to_owned();
        while is_reserved(&local) || self.taken.contains(&local) {
            local.push('_');
        }
        self.taken.insert(local.clone());
        self.known.insert(name.to_owned(), local.clone());
        Ok(local)
    }

    /// A name for an expression.
    pub fn bind(&mut self, name: &str, text: String) {
        self.known.insert(name.to_owned(), text);
    }

    /// What a name of the file is here.
    pub fn get(&self, name: &str) -> Result<&str> {
        let known = self.known.get(name).map(String::as_str);
        known.ok_or_else(|| Error::malformed(format!("the value {name:?} is used and nothing gives it")))
    }
}

/// A float: a number, or `"NaN"` and the infinities.
fn float(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => match text.as_str() {
            "NaN" => Some("torch.nan".into()),
            "Infinity" => Some("torch.inf".into()),
            "-Infinity" => Some("-torch.inf".into()),
            _ => None,
        },
        other => other.as_f64().map(|number| format!("{number:?}")),
    }
}

fn truth(value: &Value) -> Option<String> {
    value.as_bool().map(|flag| if flag { "True" } else { "False" }.to_owned())
}

fn whole(value: &Value) -> Option<String> {
    value.as_i64().map(|number| number.to_string())
}

fn scalar_type(value: &Value) -> Option<String> {
    value.as_u64().and_then(dtype).map(|dtype| format!("torch.{}", dtype.name()))
}

/// An argument as an expression.
pub fn text(names: &Names, argument: &Union) -> Result<String> {
    let (kind, value) =
        argument.only().ok_or_else(|| Error::malformed("an argument without exactly one alternative"))?;
    alternative(names, kind, value)
}

fn alternative(names: &Names, kind: &str, value: &Value) -> Result<String> {
    let broken = || Error::malformed(format!("an argument {kind} that holds something else"));
    let list = |each: &dyn Fn(&Value) -> Result<String>| {
        let items = value.as_array().ok_or_else(broken)?.iter().map(each).collect::<Result<Vec<_>>>()?;
        Ok(format!("[{}]", items.join(", ")))
    };
    let plain = |each: fn(&Value) -> Option<String>| list(&|item| each(item).ok_or_else(broken));
    let named = |value: &Value| names.get(value["name"].as_str().ok_or_else(broken)?).map(str::to_owned);
    let union = |value: &Value| text(names, &Union::of(value).ok_or_else(broken)?);
    match kind {
        "as_none" => Ok("None".into()),
        "as_tensor" => named(value),
        "as_tensors" => list(&named),
        "as_nested_tensors" => list(&|item| alternative(names, "as_tensors", item)),
        "as_optional_tensor" | "as_sym_int" | "as_sym_bool" | "as_sym_float" => union(value),
        "as_optional_tensors" | "as_sym_ints" | "as_sym_bools" | "as_sym_floats" => list(&union),
        "as_name" => names.get(value.as_str().ok_or_else(broken)?).map(str::to_owned),
        "as_int" => whole(value).ok_or_else(broken),
        "as_ints" => plain(whole),
        "as_int_lists" => list(&|item| alternative(names, "as_ints", item)),
        "as_float" => float(value).ok_or_else(broken),
        "as_floats" => plain(float),
        "as_float_lists" => list(&|item| alternative(names, "as_floats", item)),
        "as_bool" => truth(value).ok_or_else(broken),
        "as_bools" => plain(truth),
        "as_string" => value.as_str().map(quoted).ok_or_else(broken),
        "as_strings" => plain(|item| item.as_str().map(quoted)),
        "as_complex" => {
            let parts = float(&value["real"]).zip(float(&value["imag"])).ok_or_else(broken)?;
            Ok(format!("complex({}, {})", parts.0, parts.1))
        }
        "as_scalar_type" => scalar_type(value).ok_or_else(broken),
        "as_memory_format" => Ok("torch.preserve_format".into()),
        "as_layout" => Ok("torch.strided".into()),
        "as_device" => Ok("torch.device(\"cpu\")".into()),
        "as_operator" => {
            let name = value.as_str().filter(|name| is_dotted(name)).ok_or_else(broken)?;
            Ok(name.to_owned())
        }
        other => Err(Error::unsupported(format!("an argument {other} in an exported program"))),
    }
}
