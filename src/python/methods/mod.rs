//! Methods of builtin types. Each gets its object as the first argument.

pub mod dict;
pub mod list;
pub mod object;
pub mod set;
pub mod str;

use super::object::Native;

/// A method of a builtin type.
pub fn lookup(kind: &str, name: &str) -> Option<&'static Native> {
    let tables: &[&[Native]] = match kind {
        "str" => &[str::TABLE],
        "list" => &[list::LIST],
        "tuple" | "Size" => &[list::TUPLE],
        "dict" | "OrderedDict" | "defaultdict" | "Counter" => &[dict::TABLE],
        "set" | "frozenset" => &[set::TABLE],
        "property" => &[object::PROPERTY],
        "int" | "bool" => &[object::INT],
        "float" => &[object::FLOAT],
        "object" => &[object::OBJECT],
        "BaseException" => &[object::EXCEPTION, object::OBJECT],
        "generator" => &[object::ITERATOR],
        _ => &[],
    };
    let found = tables.iter().copied().flatten().find(|native| native.name.rsplit('.').next() == Some(name));
    // OrderedDict's own method is none of dict's
    found.filter(|native| kind != "dict" || native.name != "OrderedDict.move_to_end")
}
