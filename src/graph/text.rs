//! A graph as text for people: one line for each value that is given, each node and the result.

use super::{Graph, Node, ValueId};
use std::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for input in &self.inputs {
            writeln!(f, "{} = input {}", self.typed(input.value), input.name)?;
        }
        for leaf in &self.leaves {
            let kind = match leaf.kind {
                super::LeafKind::Parameter => "parameter",
                super::LeafKind::Buffer => "buffer",
            };
            writeln!(f, "{} = {kind} {}", self.typed(leaf.value), leaf.names.join(" = "))?;
        }
        for constant in &self.constants {
            writeln!(f, "{} = constant", self.typed(constant.value))?;
        }
        for node in &self.nodes {
            self.write_node(node, f)?;
        }
        for update in &self.updates {
            writeln!(f, "v{} <- v{}", update.buffer.0, update.value.0)?;
        }
        match &self.output {
            Some(output) => writeln!(f, "return {}", Returned(output)),
            None => Ok(()),
        }
    }
}

impl Graph {
    /// `v12: float32[1, 6, 28, 28]`
    fn typed(&self, id: ValueId) -> String {
        match self.values.get(id.0 as usize) {
            Some(info) => format!("v{}: {}{:?}", id.0, info.dtype.name(), info.shape),
            None => format!("v{}: ?", id.0),
        }
    }

    fn write_node(&self, node: &Node, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs: Vec<_> = node.outputs.iter().map(|id| self.typed(*id)).collect();
        let inputs: Vec<_> = node.inputs.iter().map(|id| format!("v{}", id.0)).collect();
        write!(f, "{} = {}({})", outputs.join(", "), node.op.name(), inputs.join(", "))?;
        // The attributes are what serde names them.
        if let Ok(op) = serde_json::to_value(&node.op) {
            write_attributes(&op, f)?;
        }
        match (node.scope.as_str(), node.line) {
            ("", None) => writeln!(f),
            ("", Some(line)) => writeln!(f, "  # line {line}"),
            (scope, None) => writeln!(f, "  # {scope}"),
            (scope, Some(line)) => writeln!(f, "  # {scope} line {line}"),
        }
    }
}

/// ` stride=[1, 1] padding=[0, 0]`: the fields of the operator and of what it holds; names without fields are in the operator's name.
fn write_attributes(op: &serde_json::Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut pending = vec![op];
    while let Some(value) = pending.pop() {
        let serde_json::Value::Object(fields) = value else { continue };
        for (name, field) in fields {
            match field {
                serde_json::Value::Object(_) => pending.push(field),
                // The one key of a variant, with the variant inside it.
                serde_json::Value::String(_) if fields.len() == 1 && std::ptr::eq(value, op) => {}
                serde_json::Value::Array(items) => {
                    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                    write!(f, " {name}=[{}]", items.join(", "))?;
                }
                serde_json::Value::String(text) => write!(f, " {name}={text}")?,
                other => write!(f, " {name}={other}")?,
            }
        }
    }
    Ok(())
}

struct Returned<'a>(&'a super::Structure);

impl fmt::Display for Returned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use super::Structure;
        let list = |items: &[Structure]| items.iter().map(|i| Returned(i).to_string()).collect::<Vec<_>>().join(", ");
        match self.0 {
            Structure::Value(id) => write!(f, "v{}", id.0),
            Structure::None => f.write_str("None"),
            Structure::Scalar(scalar) => write!(f, "{scalar:?}"),
            Structure::Str(text) => write!(f, "{text:?}"),
            Structure::Tuple(items) => write!(f, "({})", list(items)),
            Structure::List(items) => write!(f, "[{}]", list(items)),
            Structure::Dict(items) => {
                let items: Vec<_> = items.iter().map(|(key, item)| format!("{key:?}: {}", Returned(item))).collect();
                write!(f, "{{{}}}", items.join(", "))
            }
        }
    }
}
