//! An exported program as PyTorch source: a class whose forward calls ATen's operators in the graph's order.
//!
//! The text shows on the page, has lines for errors, and goes through the same evaluator as every other network. Values that are used
//! before anything gives them, operators that are no names and arguments that hold something else are refused while it is written; what
//! an operator does is not known here.

use super::argument::{self, Names, is_dotted, is_name, is_reserved};
use super::mode::{self, Mode};
use super::schema::{Graph, NamedArgument, Node, Program, Union};
use super::signature::Input;
use crate::error::{Error, Result};
use crate::literal::quoted;
use serde_json::Value;
use std::collections::HashMap;

/// Arguments that say where and how a tensor lies; there is one place here.
const PLACES: &[&str] = &["device", "layout", "pin_memory", "memory_format", "non_blocking", "generator"];

/// Keyword-only arguments, for files that do not tell.
const KEYWORDS: &[&str] = &["dtype", "alpha", "beta", "rounding_mode", "approximate", "correction", "out", "scale"];

/// Arithmetic of sizes.
const INFIX: &[(&str, &str)] = &[
    ("add", "+"),
    ("sub", "-"),
    ("mul", "*"),
    ("truediv", "/"),
    ("floordiv", "//"),
    ("mod", "%"),
    ("pow", "**"),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("and_", "and"),
    ("or_", "or"),
];

/// torch's functions of sizes, in Python's words.
const SIZES: &[(&str, &str)] = &[
    ("torch.sym_max", "max"),
    ("torch.sym_min", "min"),
    ("torch.sym_float", "float"),
    ("torch.sym_int", "int"),
    ("torch.sym_not", "not "),
    ("torch._sym_sqrt", "math.sqrt"),
];

/// The class, and what is known beside it.
pub struct Text {
    pub source: String,
    /// the program was exported in train mode
    pub training: bool,
    /// the tensors that forward takes
    pub inputs: Vec<Input>,
}

/// Writes the class; `class` is its name.
pub fn write(program: &Program, class: &str) -> Result<Text> {
    let graph = &program.graph_module.graph;
    let mode = Mode::of(&every_node(graph)?);
    let mut writer = Writer {
        program,
        mode,
        names: Names::default(),
        buffers: HashMap::new(),
        lines: Vec::new(),
        module: String::new(),
        given: Vec::new(),
    };
    let parameters = writer.inputs()?;
    writer.body(graph, 2)?;
    writer.outputs()?;
    let head = format!("class {class}(nn.Module):\n    def forward({parameters}):\n");
    let body = writer.lines.join("\n");
    let import = if body.contains("operator.") { "import operator\n\n\n" } else { "" };
    let source = format!("{import}{head}{body}\n");
    Ok(Text { source, training: mode.training, inputs: writer.given })
}

/// A class that says why it cannot run.
pub fn refusal(class: &str, error: &Error) -> Text {
    let why = quoted(&format!("{} is not done here", error.message));
    let source =
        format!("class {class}(nn.Module):\n    def forward(self, *args):\n        raise NotImplementedError({why})\n");
    Text { source, training: false, inputs: Vec::new() }
}

/// The nodes of a graph and of those that its nodes hold.
fn every_node(graph: &Graph) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    let mut pending = vec![graph.clone()];
    while let Some(graph) = pending.pop() {
        for node in &graph.nodes {
            for input in &node.inputs {
                pending.extend(nested(&input.arg)?.map(|(_, graph)| graph));
            }
        }
        nodes.extend(graph.nodes);
    }
    Ok(nodes)
}

/// A graph that is an argument, with its name.
fn nested(argument: &Union) -> Result<Option<(String, Graph)>> {
    let Some(("as_graph", value)) = argument.only() else { return Ok(None) };
    let broken = |what: String| Error::malformed(format!("a graph as an argument: {what}"));
    let name = value["name"].as_str().ok_or_else(|| broken("it has no name".into()))?.to_owned();
    let graph = serde_json::from_value(value["graph"].clone()).map_err(|e| broken(e.to_string()))?;
    Ok(Some((name, graph)))
}

/// The class of each module's path, as the nodes' stacks name them; the program's own has the empty path.
pub fn classes(program: &Program) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for node in &program.graph_module.graph.nodes {
        for entry in stack(node) {
            if let [_, path, class] = entry.split(',').collect::<Vec<_>>()[..]
                && is_dotted(class)
                && !found.contains_key(path)
            {
                let short = class.rsplit('.').next().unwrap_or(class);
                found.insert(path.to_owned(), if is_reserved(short) { format!("{short}_") } else { short.to_owned() });
            }
        }
    }
    found
}

fn stack(node: &Node) -> impl Iterator<Item = &str> {
    let text = node.metadata.get("nn_module_stack").filter(|text| !text.starts_with('_'));
    text.map_or("", String::as_str).split(';')
}

/// How a parameter or buffer is reached.
pub(super) fn access(name: &str, getter: &str) -> String {
    let plain = name.split('.').all(|part| is_name(part) && !is_reserved(part));
    if plain { format!("self.{name}") } else { format!("self.{getter}({})", quoted(name)) }
}

/// The text of forward while it is written.
pub(super) struct Writer<'a> {
    pub(super) program: &'a Program,
    pub(super) mode: Mode,
    pub(super) names: Names,
    /// buffers by their names in the graph: the names in the state_dict
    pub(super) buffers: HashMap<String, String>,
    pub(super) lines: Vec<String>,
    /// the module of the last line
    pub(super) module: String,
    pub(super) given: Vec<Input>,
}

impl Writer<'_> {
    pub(super) fn line(&mut self, depth: usize, text: impl AsRef<str>) {
        self.lines.push(format!("{}{}", "    ".repeat(depth), text.as_ref()));
    }

    fn body(&mut self, graph: &Graph, depth: usize) -> Result<()> {
        for (at, node) in graph.nodes.iter().enumerate() {
            self.place(node, depth);
            self.node(node, depth).map_err(|e| match e.location {
                None => e.at(format!("node {at} ({})", node.target.chars().take(80).collect::<String>())),
                Some(_) => e,
            })?;
        }
        Ok(())
    }

    /// A comment where another module begins.
    fn place(&mut self, node: &Node, depth: usize) {
        let path = stack(node).last().and_then(|entry| entry.split(',').nth(1)).unwrap_or_default();
        let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        if plain && path != self.module {
            path.clone_into(&mut self.module);
            if !path.is_empty() {
                self.line(depth, format!("# {path}"));
            }
        }
    }

    fn node(&mut self, node: &Node, depth: usize) -> Result<()> {
        if !is_dotted(&node.target) {
            return Err(Error::malformed(format!("{:?} is no operator", node.target)));
        }
        if let Some(name) = node.target.strip_prefix("torch.ops.higher_order.") {
            return self.higher_order(name, node, depth);
        }
        let call = self.call(node)?;
        let statement = match self.targets(&node.outputs)? {
            Some(targets) => format!("{targets} = {call}"),
            None => call,
        };
        if self.counts(node) && self.mode.training {
            self.line(depth, "if self.training:");
            self.line(depth + 1, statement);
        } else {
            self.line(depth, statement);
        }
        // what a module counts in train mode, and a program exported in eval mode does not
        let batch_norm = mode::operator(&node.target).is_some_and(|name| name.contains("batch_norm"));
        let mean = mode::running_mean(node).filter(|_| batch_norm);
        let counter = mean.and_then(|name| self.buffers.get(name)?.strip_suffix("running_mean"));
        let counter = counter.map(|module| format!("{module}num_batches_tracked"));
        if let Some(name) =
            counter.filter(|name| !self.mode.training && self.buffers.values().any(|known| known == name))
        {
            self.line(depth, "if self.training:");
            self.line(depth + 1, format!("{}.add_(1)", access(&name, "get_buffer")));
        }
        Ok(())
    }

    /// `num_batches_tracked.add_(1)`
    fn counts(&self, node: &Node) -> bool {
        let first = node.inputs.first().and_then(|input| input.arg.only());
        let name = first.and_then(|(_, value)| value["name"].as_str());
        mode::operator(&node.target) == Some("add_")
            && name.and_then(|name| self.buffers.get(name)).is_some_and(|name| name.ends_with("num_batches_tracked"))
    }

    fn call(&self, node: &Node) -> Result<String> {
        let target = &*node.target;
        let mut positional = Vec::new();
        let mut keyword = Vec::new();
        for input in &node.inputs {
            let text = argument::text(&self.names, &input.arg)?;
            match by_keyword(input) {
                true if PLACES.contains(&&*input.name) => {}
                true if is_name(&input.name) => keyword.push(format!("{}={text}", input.name)),
                true => return Err(Error::malformed(format!("{:?} is no name of an argument", input.name))),
                false => positional.push(text),
            }
        }
        if let Some(at) = self.mode.place(node)
            && let Some(flag) = positional.get_mut(at)
        {
            "self.training".clone_into(flag);
        }
        if let Some(name) = target.strip_prefix("_operator.") {
            return match (INFIX.iter().find(|(known, _)| *known == name), &positional[..]) {
                (Some((_, sign)), [a, b]) => Ok(format!("({a} {sign} {b})")),
                (None, [a]) if name == "neg" => Ok(format!("(-{a})")),
                (None, [a]) if name == "not_" => Ok(format!("(not {a})")),
                _ => Ok(format!("operator.{name}({})", positional.join(", "))),
            };
        }
        if let Some((_, name)) = SIZES.iter().find(|(known, _)| *known == target) {
            return Ok(format!("{name}({})", positional.join(", ")));
        }
        match mode::operator(target) {
            Some("_native_batch_norm_legit_no_training") if !self.mode.training && positional.len() == 7 => {
                positional.insert(5, "self.training".to_owned());
                return Ok(format!("torch.ops.aten.native_batch_norm.default({})", positional.join(", ")));
            }
            // attention drops by its probability
            Some("scaled_dot_product_attention") if self.mode.training => {
                if let Some(p) = positional.get_mut(4).filter(|p| *p != "0.0") {
                    *p = format!("{p} if self.training else 0.0");
                }
            }
            _ => {}
        }
        positional.append(&mut keyword);
        match target.split('.').next() {
            Some("torch" | "math") => Ok(format!("{target}({})", positional.join(", "))),
            _ => Err(Error::unsupported(format!("the operator {target} in an exported program"))),
        }
    }

    /// The left side of an assignment; `None` without results.
    fn targets(&mut self, outputs: &[Union]) -> Result<Option<String>> {
        let mut texts = Vec::new();
        for output in outputs {
            texts.push(self.target(output)?);
        }
        Ok(match texts.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(many.join(", ")),
        })
    }

    fn target(&mut self, output: &Union) -> Result<String> {
        let broken = || Error::malformed("a node's output without a name");
        let (kind, value) = output.only().ok_or_else(broken)?;
        match kind {
            "as_none" => Ok("_".into()),
            "as_tensors" | "as_optional_tensors" | "as_sym_ints" => {
                let items = value.as_array().filter(|items| !items.is_empty()).ok_or_else(broken)?;
                let mut texts = Vec::new();
                for item in items {
                    texts.push(self.names.define(name_of(item).ok_or_else(broken)?)?);
                }
                Ok(format!("({},)", texts.join(", ")))
            }
            _ => self.names.define(name_of(value).ok_or_else(broken)?),
        }
    }

    /// Operators that take graphs, which become functions of forward's.
    fn higher_order(&mut self, name: &str, node: &Node, depth: usize) -> Result<()> {
        let (mut functions, mut values) = (Vec::new(), Vec::new());
        for input in &node.inputs {
            match nested(&input.arg)? {
                Some((name, graph)) => functions.push(self.function(&name, &graph, depth)?),
                None => values.push(argument::text(&self.names, &input.arg)?),
            }
        }
        let spread = |values: &[String]| values.join(", ");
        let (call, around) = match (name, &functions[..], &values[..]) {
            ("cond", [yes, no], [condition, rest @ ..]) => {
                let operands = rest.first().map_or("[]", String::as_str);
                (format!("{yes}(*{operands}) if {condition} else {no}(*{operands})"), None)
            }
            ("wrap_with_set_grad_enabled", [body], [enabled, rest @ ..]) => {
                (format!("{body}({})", spread(rest)), Some(format!("with torch.set_grad_enabled({enabled}):")))
            }
            ("wrap_with_autocast", [body], [_, _, _, _, rest @ ..]) => (format!("{body}({})", spread(rest)), None),
            _ => return Err(Error::unsupported(format!("torch.ops.higher_order.{name}"))),
        };
        let mut targets = self.targets(&node.outputs)?.unwrap_or_else(|| "_".into());
        if node.outputs.len() == 1 && !targets.starts_with('(') {
            targets = format!("({targets},)");
        }
        if let Some(around) = &around {
            self.line(depth, around);
        }
        self.line(depth + usize::from(around.is_some()), format!("{targets} = {call}"));
        Ok(())
    }

    fn function(&mut self, name: &str, graph: &Graph, depth: usize) -> Result<String> {
        let local = self.names.define(name)?;
        let outer = std::mem::take(&mut self.names);
        let mut parameters = Vec::new();
        for input in &graph.inputs {
            parameters.push(self.target(input)?);
        }
        self.line(depth, format!("def {local}({}):", parameters.join(", ")));
        self.body(graph, depth + 1)?;
        let results = graph.outputs.iter().map(|output| argument::text(&self.names, output));
        let results = results.collect::<Result<Vec<_>>>()?.join(", ");
        self.line(depth + 1, format!("return [{results}]"));
        self.names = outer;
        Ok(local)
    }
}

/// The name in `{"name": ...}`, `{"as_name": ...}`, `{"as_tensor": {"name": ...}}`.
pub(super) fn name_of(value: &Value) -> Option<&str> {
    let inner = value.get("as_tensor").filter(|inner| !inner.is_null()).unwrap_or(value);
    let text = |key: &str| inner.get(key)?.as_str();
    text("name").or_else(|| text("as_name"))
}

fn by_keyword(input: &NamedArgument) -> bool {
    match input.kind {
        Some(kind) => kind == 2,
        None => KEYWORDS.contains(&&*input.name) || PLACES.contains(&&*input.name),
    }
}
