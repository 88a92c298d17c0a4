//! Classes of Python's standard library as they appear in checkpoints: what `str(x)` would show of a datetime, a path, a Decimal.

use super::rebuild::{global, int};
use crate::pickle::object::{Arena, Instance, NodeId, Object};

/// The items of a node that is a tuple or a list.
pub fn items(arena: &Arena, id: NodeId) -> &[NodeId] {
    match arena.get(id) {
        Object::Tuple(items) | Object::List(items) => items,
        _ => &[],
    }
}

/// A `str`.
pub fn text(arena: &Arena, id: NodeId) -> Option<&str> {
    if let Object::Str(text) = arena.get(id) { Some(text) } else { None }
}

/// `bytes`, also as protocol 2 writes them: `_codecs.encode(text, 'latin1')`, and `bytes()` for empty ones.
pub fn bytes(arena: &Arena, id: NodeId) -> Option<Vec<u8>> {
    match arena.get(id) {
        Object::Bytes(bytes) | Object::ByteArray(bytes) => Some(bytes.clone()),
        // Python 2's str that happened to be UTF-8.
        Object::Str(text) => Some(text.as_bytes().to_vec()),
        Object::Instance(made) => match global(arena, made.callable)? {
            ("_codecs", "encode") => {
                let text = text(arena, *items(arena, made.args).first()?)?;
                text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
            }
            ("builtins", "bytes") if items(arena, made.args).is_empty() => Some(Vec::new()),
            _ => None,
        },
        _ => None,
    }
}

/// Kind and text of an object whose value is one text: `("datetime.date", "1999-12-31")`.
pub fn value(arena: &Arena, instance: &Instance) -> Option<(String, String)> {
    let (module, name) = global(arena, instance.callable)?;
    let args = items(arena, instance.args);
    let value = match (module, name) {
        ("datetime", "datetime") => datetime(&bytes(arena, *args.first()?)?)?,
        ("datetime", "date") => date(&bytes(arena, *args.first()?)?)?,
        ("datetime", "time") => time(&bytes(arena, *args.first()?)?)?,
        ("datetime", "timedelta") => {
            let mut parts = args.iter().map(|a| int(arena, *a));
            timedelta(parts.next()??, parts.next()??, parts.next()??)
        }
        ("decimal", "Decimal") => text(arena, *args.first()?)?.to_owned(),
        ("uuid", "UUID") => return None,
        ("fractions", "Fraction") => text(arena, *args.first()?)?.to_owned(),
        ("pathlib" | "pathlib._local", path) if path.ends_with("Path") => {
            let separator = if path.contains("Windows") { "\\" } else { "/" };
            return Some((format!("pathlib.{path}"), join(arena, args, separator)?));
        }
        _ => return None,
    };
    Some((format!("{module}.{name}"), value))
}

fn join(arena: &Arena, args: &[NodeId], separator: &str) -> Option<String> {
    let parts: Option<Vec<&str>> = args.iter().map(|a| text(arena, *a)).collect();
    let parts = parts?;
    if parts.is_empty() {
        return Some(".".into());
    }
    let (root, rest) = match parts.split_first() {
        Some((first, rest)) if first.ends_with(separator) => (*first, rest),
        _ => ("", parts.as_slice()),
    };
    Some(format!("{root}{}", rest.join(separator)))
}

fn date(b: &[u8]) -> Option<String> {
    let [high, low, month, day, ..] = b else { return None };
    Some(format!("{:04}-{month:02}-{day:02}", u16::from_be_bytes([*high, *low])))
}

fn time(b: &[u8]) -> Option<String> {
    let [hour, minute, second, a, b, c] = b else { return None };
    let micros = u32::from_be_bytes([0, *a, *b, *c]);
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    Some(format!("{:02}:{minute:02}:{second:02}{fraction}", hour & 0x7f))
}

fn datetime(b: &[u8]) -> Option<String> {
    let (day, clock) = b.split_at_checked(4)?;
    // The top bit of the month is `fold`.
    let mut day = day.to_vec();
    if let Some(month) = day.get_mut(2) {
        *month &= 0x7f;
    }
    Some(format!("{} {}", date(&day)?, time(clock)?))
}

/// `str(timedelta)`: `1 day, 2:03:04`.
fn timedelta(days: i64, seconds: i64, micros: i64) -> String {
    let days = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{days}{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
