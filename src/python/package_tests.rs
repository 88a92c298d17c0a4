//! Modules that the host offers: under which names they are imported, and that they have names of their own.

use super::interpreter::Interpreter;
use super::package::SourceModule;
use super::program::Program;
use crate::nn::value::Value;

static OFFERED: &[SourceModule] = &[
    SourceModule {
        name: "own.layers",
        aliases: &["vision.models.layers", "vision.old"],
        exports: &["double"],
        text: "import torch.nn as nn\nfrom own.numbers import TWO\n\ndef double(x):\n    return max(x * TWO, 0)\n\nclass Layer(nn.Module):\n    pass\n",
    },
    SourceModule { name: "own.numbers", aliases: &[], exports: &[], text: "TWO = 2\nTHREE = 1 + missing\n" },
    SourceModule { name: "own.broken", aliases: &[], exports: &[], text: "def f(:\n" },
];

fn value(source: &str, expression: &str) -> Result<Value, String> {
    let program = Program::parse(source, "model.py").unwrap();
    Interpreter::offering(OFFERED, Some(program)).value(expression).map_err(|e| e.message)
}

fn int(source: &str, expression: &str) -> i64 {
    match value(source, expression) {
        Ok(Value::Int(int)) => int,
        other => panic!("{expression}: {other:?}"),
    }
}

#[test]
fn they_are_imported_by_any_of_their_names() {
    // The module of numbers ends in an error after TWO; what imports it says so.
    let fails = value("from own.layers import double", "double(3)").unwrap_err();
    assert!(fails.contains("'missing' is not defined"), "{fails}");
    assert!(value("import own.broken", "own.broken.f").unwrap_err().contains("SyntaxError"));
    assert!(
        value("import vision.models as models", "models.triple").unwrap_err().contains("has no attribute 'triple'")
    );
}

static SOUND: &[SourceModule] = &[
    SourceModule {
        name: "own.layers",
        aliases: &["vision.models.layers", "vision.old"],
        exports: &["double"],
        text: "from own.numbers import TWO\n\ndef double(x):\n    return max(x * TWO, 0)\n",
    },
    SourceModule { name: "own.numbers", aliases: &[], exports: &[], text: "TWO = 2\n" },
];

#[test]
fn packages_around_them_export_their_names() {
    let run = |source: &str, expression: &str| {
        let program = Program::parse(source, "model.py").unwrap();
        match Interpreter::offering(SOUND, Some(program)).value(expression).map_err(|e| e.message) {
            Ok(Value::Int(int)) => int,
            other => panic!("{expression}: {other:?}"),
        }
    };
    assert_eq!(run("from vision.models.layers import double", "double(3)"), 6);
    assert_eq!(run("import vision.models as m", "m.double(3)"), 6);
    assert_eq!(run("from vision import models, data", "models.layers.double(4)"), 8);
    assert_eq!(run("import vision.old\nimport vision.data as d", "vision.old.double(4)"), 8);
    // A star import of the user's, and names of the user's, do not reach into them.
    assert_eq!(run("from torch import *\nTWO = 5\nfrom own.layers import double", "double(-3)"), 0);
}

#[test]
fn what_is_here_already_stays_when_it_is_imported_from_elsewhere() {
    let source = "def f():\n    return 1\n\nfrom utils.blocks import f, g\nfrom .other import f\n";
    assert_eq!(int(source, "f()"), 1);
    assert!(value(source, "g()").unwrap_err().contains("No module named 'utils.blocks'"));
}

#[test]
fn what_they_refuse_is_told_at_the_line_that_called_them() {
    let program =
        Program::parse("from vision.old import double\n\ndef f(x):\n    return double(x)\n", "model.py").unwrap();
    let error = Interpreter::offering(SOUND, Some(program)).value("f(None)").unwrap_err();
    assert_eq!(error.location.as_deref(), Some("model.py:4"));
}

#[test]
fn a_module_may_make_its_names_when_they_are_asked_for() {
    static MAKING: &[SourceModule] = &[SourceModule {
        name: "own.any",
        aliases: &["measures"],
        exports: &[],
        text: "def __getattr__(name):\n    if name == 'none':\n        raise AttributeError(name)\n    return len(name)\n",
    }];
    let value = |source: &str, expression: &str| {
        let program = Program::parse(source, "model.py").unwrap();
        Interpreter::offering(MAKING, Some(program)).value(expression)
    };
    assert!(matches!(value("from measures import four", "four"), Ok(Value::Int(4))));
    assert!(value("from measures import none", "none").unwrap_err().message.contains("measures.none is not here"));
}
