//! torch.export's JSON (`torch/_export/serde/schema.py`), as much of it as a reader needs. Older versions write every alternative of a union
//! with null but one, newer ones the one alone.

use crate::dtype::DType;
use crate::error::{Error, Result};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The newest version of the schema that is known; torch loads its own alone, and the older ones differ in what may be missing.
pub const NEWEST_MAJOR: u64 = 8;

/// A tagged alternative: the only key that is not null.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Union(Map<String, Value>);

impl Union {
    /// The alternative's name and what it holds.
    pub fn only(&self) -> Option<(&str, &Value)> {
        let mut given = self.0.iter().filter(|(_, value)| !value.is_null());
        let (name, value) = given.next()?;
        given.next().is_none().then_some((name.as_str(), value))
    }

    /// The same of a value inside a list.
    pub fn of(value: &Value) -> Option<Self> {
        value.as_object().map(|map| Self(map.clone()))
    }
}

/// `ExportedProgram`
#[derive(Debug, Deserialize)]
pub struct Program {
    pub graph_module: GraphModule,
    #[serde(default)]
    pub range_constraints: IndexMap<String, Range>,
}

impl Program {
    /// Parses, and refuses versions that are newer than what is known.
    pub fn parse(bytes: &[u8], record: &str) -> Result<Self> {
        let broken = |e: serde_json::Error| Error::malformed(format!("torch.export's program: {e}")).at(record);
        #[derive(Deserialize)]
        struct Versioned {
            /// `{major, minor}`; a bare number once
            #[serde(default)]
            schema_version: Value,
        }
        let version = serde_json::from_slice::<Versioned>(bytes).map_err(broken)?.schema_version;
        if let Some(major) =
            version.get("major").and_then(Value::as_u64).or(version.as_u64()).filter(|major| *major > NEWEST_MAJOR)
        {
            let text = format!("version {major} of torch.export's schema; the newest known is {NEWEST_MAJOR}");
            return Err(Error::unsupported(text).code("pt2_version").at(record));
        }
        serde_json::from_slice(bytes).map_err(broken)
    }
}

/// `RangeConstraint`: none is without bound
#[derive(Debug, Default, Deserialize)]
pub struct Range {
    pub min_val: Option<i64>,
    pub max_val: Option<i64>,
}

/// `GraphModule`
#[derive(Debug, Deserialize)]
pub struct GraphModule {
    pub graph: Graph,
    pub signature: Signature,
    #[serde(default)]
    pub module_call_graph: Vec<Value>,
}

/// `Graph`
#[derive(Clone, Debug, Deserialize)]
pub struct Graph {
    pub inputs: Vec<Union>,
    pub outputs: Vec<Union>,
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub tensor_values: IndexMap<String, TensorMeta>,
}

/// `GraphSignature`
#[derive(Debug, Deserialize)]
pub struct Signature {
    pub input_specs: Vec<Union>,
    pub output_specs: Vec<Union>,
}

/// `Node`
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    pub target: String,
    pub inputs: Vec<NamedArgument>,
    pub outputs: Vec<Union>,
    #[serde(default)]
    pub metadata: IndexMap<String, String>,
}

/// `NamedArgument`; `kind` 1 is by position, 2 by keyword, none in older files
#[derive(Clone, Debug, Deserialize)]
pub struct NamedArgument {
    pub name: String,
    pub arg: Union,
    pub kind: Option<u8>,
}

/// `TensorMeta`
#[derive(Clone, Debug, Deserialize)]
pub struct TensorMeta {
    pub dtype: u64,
    pub sizes: Vec<Value>,
    #[serde(default)]
    pub requires_grad: bool,
    #[serde(default)]
    pub strides: Vec<Value>,
    /// an int in schema 2, a SymInt later
    #[serde(default)]
    pub storage_offset: Value,
}

/// `PayloadConfig`: which record each weight or constant is in
#[derive(Debug, Deserialize)]
pub struct Payloads {
    pub config: IndexMap<String, Payload>,
}

/// `PayloadMeta`
#[derive(Debug, Deserialize)]
pub struct Payload {
    pub path_name: String,
    #[serde(default)]
    pub is_param: bool,
    #[serde(default)]
    pub use_pickle: bool,
    pub tensor_meta: Option<TensorMeta>,
}

/// The string at a JSON pointer.
pub fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// A size that is a number: `{"as_int": 4}` or 4.
pub fn int(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.get("as_int")?.as_i64())
}

/// The name of a size that may vary, where it is one symbol and no expression: `s77` of `Symbol('s77', positive=True, integer=True)`.
pub fn symbol(value: &Value) -> Option<&str> {
    let text = value.get("as_expr")?.get("expr_str")?.as_str()?;
    let name = match text.strip_prefix("Symbol('") {
        Some(rest) => rest.split_once('\'').filter(|(_, rest)| !rest.contains("Symbol"))?.0,
        None => text,
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some(name)
}

/// `ScalarType`, numbered as the schema does.
pub fn dtype(number: u64) -> Option<DType> {
    const NAMES: &[(u64, &str)] = &[
        (1, "uint8"),
        (2, "int8"),
        (3, "int16"),
        (4, "int32"),
        (5, "int64"),
        (6, "float16"),
        (7, "float32"),
        (8, "float64"),
        (9, "complex32"),
        (10, "complex64"),
        (11, "complex128"),
        (12, "bool"),
        (13, "bfloat16"),
        (28, "uint16"),
        (29, "float8_e4m3fn"),
        (30, "float8_e5m2"),
        (31, "float8_e4m3fnuz"),
        (32, "float8_e5m2fnuz"),
        (33, "float8_e8m0fnu"),
        (34, "uint32"),
        (35, "uint64"),
    ];
    NAMES.iter().find(|(known, _)| *known == number).and_then(|(_, name)| DType::from_name(name))
}
