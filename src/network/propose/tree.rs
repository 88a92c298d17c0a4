//! The modules that keys name: layers, modules without parameters, and the Sequentials around them.

use super::layer::Layer;
use crate::network::state::Offered;
use indexmap::IndexMap;

/// Modules that a gap in the numbers may stand for; a key `999999.weight` asks for no million of them.
const MAX_GAP: usize = 8;
/// Sequentials in each other.
const MAX_DEPTH: usize = 4;

/// A module.
#[derive(Clone, Debug)]
pub struct Node {
    /// its name in its parent
    pub name: String,
    /// what it holds
    pub content: Content,
}

/// What a module holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// parameters or buffers
    Layer(Layer),
    /// neither parameters nor modules
    Bare,
    /// modules
    Inside(Vec<Node>),
}

impl Node {
    /// Whether its name is a number, as in a Sequential.
    pub fn is_numbered(&self) -> bool {
        !self.name.is_empty() && self.name.bytes().all(|b| b.is_ascii_digit())
    }

    /// Whether a layer in it is such a one.
    pub fn any(&self, test: &dyn Fn(&Layer) -> bool) -> bool {
        match &self.content {
            Content::Layer(layer) => test(layer),
            Content::Bare => false,
            Content::Inside(children) => children.iter().any(|child| child.any(test)),
        }
    }
}

/// What is known of a path while keys are read.
#[derive(Default)]
struct Draft<'a> {
    tensors: Vec<(&'a str, &'a [u64])>,
    children: IndexMap<&'a str, Draft<'a>>,
}

impl<'a> Draft<'a> {
    fn at(&mut self, path: &'a str) -> &mut Self {
        let mut here = self;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            here = here.children.entry(part).or_default();
        }
        here
    }
}

/// The root's children; `None` where they are no plain stack.
pub fn build(offered: &[Offered], modules: Option<&[String]>) -> Option<Vec<Node>> {
    let mut root = Draft::default();
    // _metadata has every module in the order of registration; keys have those with tensors.
    for path in modules.unwrap_or_default() {
        root.at(path);
    }
    for entry in offered {
        let (path, name) = entry.key.rsplit_once('.')?;
        root.at(path).tensors.push((name, &entry.shape));
    }
    let children = nodes(&root, modules.is_none(), 0)?;
    // A class has attributes or numbers; nn.Module's own attributes cannot be numbers.
    let numbered = children.iter().filter(|node| node.is_numbered()).count();
    (numbered == 0 || numbered == children.len()).then_some(children).filter(|children| !children.is_empty())
}

fn nodes(draft: &Draft<'_>, fill: bool, depth: usize) -> Option<Vec<Node>> {
    let mut found: Vec<Node> = Vec::new();
    for (name, child) in &draft.children {
        let content = match (child.tensors.is_empty(), child.children.is_empty()) {
            (true, true) => Content::Bare,
            (false, true) => Content::Layer(Layer::of(name, &child.tensors)?),
            (true, false) if depth < MAX_DEPTH => Content::Inside(nodes(child, fill, depth + 1)?),
            _ => return None,
        };
        let node = Node { name: (*name).to_owned(), content };
        if depth > 0 && !node.is_numbered() || depth == 0 && !is_identifier(name) && !node.is_numbered() {
            return None;
        }
        if fill && node.is_numbered() {
            let number: usize = name.parse().ok()?;
            let before = found.len();
            if number < before || number - before > MAX_GAP {
                return None;
            }
            found.extend((before..number).map(|at| Node { name: at.to_string(), content: Content::Bare }));
        }
        found.push(node);
    }
    let in_order = found.iter().enumerate().all(|(at, node)| !node.is_numbered() || node.name == at.to_string());
    in_order.then_some(found)
}

/// A name that Python takes for an attribute.
fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') && !KEYWORDS.contains(&name)
}

const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for",
    "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield", "None", "True", "False", "async", "await",
];
