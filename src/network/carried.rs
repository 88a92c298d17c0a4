//! The code that a file carries: class statements of legacy whole modules, an exported program's graph written as source, and `code/` of
//! a TorchScript archive.

use crate::checkpoint::Checkpoint;
use crate::checkpoint::module::EmbeddedSource;
use serde::Serialize;

/// What a class body finds in its module when only the class was saved.
const PREAMBLE: &str = "import math\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n";

/// The language of carried code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// builds when it is pasted, as it stands or edited
    Python,
    /// what `torch.jit.save` writes: to read; the archive's objects are rebuilt with it
    TorchScript,
}

/// Code that a file carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// one text; the files of an archive follow each other, each under its path
    pub text: String,
    /// its language
    pub dialect: Dialect,
}

/// The code in a file; `None` where it carries none.
pub fn code(checkpoint: &Checkpoint) -> Option<Code> {
    let Some(script) = checkpoint.script() else {
        let text = module(&checkpoint.embedded_sources())?;
        return Some(Code { text, dialect: Dialect::Python });
    };
    let file =
        |(name, text): (&String, &String)| format!("# code/{}.py\n{}\n", name.replace('.', "/"), text.trim_end());
    let files: Vec<_> = script.sources.iter().map(file).collect();
    (!files.is_empty()).then(|| Code { text: files.join("\n"), dialect: Dialect::TorchScript })
}

/// Carried classes as one module that Python could import; `None` without any.
pub(super) fn module(embedded: &[EmbeddedSource]) -> Option<String> {
    let classes: Vec<_> = bases_first(embedded).into_iter().map(|e| e.source.as_str()).collect();
    (!classes.is_empty()).then(|| format!("{PREAMBLE}\n{}", classes.join("\n\n")))
}

/// A class's own name.
pub(super) fn last(qualified: &str) -> &str {
    qualified.rsplit('.').next().unwrap_or(qualified)
}

/// Classes in an order in which Python could define them: each after those that its `class` line names.
fn bases_first(embedded: &[EmbeddedSource]) -> Vec<&EmbeddedSource> {
    let mut left: Vec<&EmbeddedSource> = embedded.iter().collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|e| last(&e.class)).collect();
        let ready = |e: &&EmbeddedSource| {
            let line = e.source.lines().find(|l| l.trim_start().starts_with("class ")).unwrap_or("");
            let bases = line.split_once('(').map_or("", |(_, bases)| bases);
            let words = bases.split(|c: char| !c.is_alphanumeric() && c != '_');
            !words.into_iter().any(|w| names.contains(&w))
        };
        // A cycle of bases cannot be; if one is claimed, the order as found lets Python's own error speak.
        let at = left.iter().position(ready).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}
