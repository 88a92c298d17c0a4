//! The names of classes and functions in a file, each with a verdict. None is ever called; the verdict is for people.

use serde::Serialize;

/// What a name in a pickle would mean to Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// `torch.load(weights_only=True)` accepts it
    Allowed,
    /// a class or function that only makes data; torch.load needs weights_only=False
    Inert,
    /// would run code of the attacker's choice in Python; here it is only shown
    Dangerous,
}

/// A class or function that the file names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GlobalUse {
    /// dotted module
    pub module: String,
    /// qualified name in it
    pub name: String,
    /// what to think of it
    pub verdict: Verdict,
}

/// Python 2's module names as Python 3's, as `pickle` maps them.
pub fn modern(module: &str) -> &str {
    match module {
        "__builtin__" => "builtins",
        "copy_reg" => "copyreg",
        "torch.tensor" => "torch._tensor",
        other => other,
    }
}

/// Judges a name by torch 2.15's list, and by what is known to run code.
pub fn verdict(module: &str, name: &str) -> Verdict {
    let module = modern(module);
    let top = module.split('.').next().unwrap_or(module);
    let runs_code = matches!(
        top,
        "os" | "posix"
            | "nt"
            | "sys"
            | "subprocess"
            | "runpy"
            | "socket"
            | "shutil"
            | "pty"
            | "ctypes"
            | "importlib"
            | "pip"
            | "webbrowser"
            | "asyncio"
            | "multiprocessing"
            | "code"
            | "commands"
            | "timeit"
            | "cProfile"
            | "pdb"
            | "bdb"
            | "pydoc"
            | "requests"
            | "urllib"
            | "http"
            | "ssl"
            | "tempfile"
            | "builtins"
            | "operator"
            | "marshal"
            | "pickle"
            | "dill"
            | "cloudpickle"
    );
    let allowed = match (module, name) {
        ("collections", "OrderedDict" | "Counter")
        | ("_codecs", "encode")
        | ("builtins", "bytearray" | "set" | "complex") => true,
        ("torch.nn.parameter", "Parameter") | ("torch.serialization", "_get_layout") => true,
        ("torch", "Size" | "Tensor" | "device") => true,
        ("torch.storage", "UntypedStorage" | "TypedStorage") | ("torch._tensor", "_rebuild_from_type_v2") => true,
        ("torch._utils", rebuild) => matches!(
            rebuild,
            "_rebuild_parameter"
                | "_rebuild_parameter_with_state"
                | "_rebuild_qtensor"
                | "_rebuild_tensor"
                | "_rebuild_tensor_v2"
                | "_rebuild_tensor_v3"
                | "_rebuild_sparse_tensor"
                | "_rebuild_meta_tensor_no_storage"
                | "_rebuild_wrapper_subclass"
                | "_rebuild_device_tensor_from_numpy"
                | "_rebuild_device_tensor_from_cpu_tensor"
        ),
        ("torch", other) => {
            super::storage::class_dtype(other).is_some()
                || crate::dtype::DType::from_name(other).is_some()
                || other.starts_with("per_")
        }
        _ => false,
    };
    let harmless = matches!(
        (module, name),
        (
            "builtins",
            "frozenset"
                | "list"
                | "dict"
                | "tuple"
                | "int"
                | "float"
                | "str"
                | "bool"
                | "bytes"
                | "range"
                | "xrange"
                | "slice"
                | "object"
        ) | ("operator", "itemgetter" | "attrgetter")
    );
    if allowed {
        Verdict::Allowed
    } else if runs_code && !harmless {
        Verdict::Dangerous
    } else {
        Verdict::Inert
    }
}
