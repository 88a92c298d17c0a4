//! Methods of str.

use super::list::plain;
use crate::python::object::{Native, Object};
use crate::python::raised::{Outcome, Raised};
use crate::python::{Arguments, Interpreter};
use std::rc::Rc;

/// str's.
pub static TABLE: &[Native] = &[
    Native { name: "str.upper", run: |me, a| map(me, a, |s| s.to_uppercase()) },
    Native { name: "str.lower", run: |me, a| map(me, a, |s| s.to_lowercase()) },
    Native { name: "str.casefold", run: |me, a| map(me, a, |s| s.to_lowercase()) },
    Native {
        name: "str.capitalize",
        run: |me, a| {
            map(me, a, |s| {
                let mut chars = s.chars();
                chars
                    .next()
                    .map(|c| c.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
                    .unwrap_or_default()
            })
        },
    },
    Native {
        name: "str.title",
        run: |me, a| {
            map(me, a, |s| {
                let mut start = true;
                s.chars()
                    .flat_map(|c| {
                        let out: Vec<char> =
                            if start { c.to_uppercase().collect() } else { c.to_lowercase().collect() };
                        start = !c.is_alphabetic();
                        out
                    })
                    .collect()
            })
        },
    },
    Native {
        name: "str.swapcase",
        run: |me, a| {
            map(me, a, |s| {
                s.chars()
                    .flat_map(|c| {
                        if c.is_uppercase() { c.to_lowercase().collect::<Vec<_>>() } else { c.to_uppercase().collect() }
                    })
                    .collect()
            })
        },
    },
    Native { name: "str.strip", run: |me, a| strip(me, a, true, true) },
    Native { name: "str.lstrip", run: |me, a| strip(me, a, true, false) },
    Native { name: "str.rstrip", run: |me, a| strip(me, a, false, true) },
    Native { name: "str.split", run: |me, a| split(me, a, false) },
    Native { name: "str.rsplit", run: |me, a| split(me, a, true) },
    Native {
        name: "str.splitlines",
        run: |me, a| {
            let [s] = a.exactly("str.splitlines")?;
            let s = text(me, &s)?;
            Ok(Object::list(s.lines().map(Object::str).collect()))
        },
    },
    Native {
        name: "str.partition",
        run: |me, a| {
            let [s, sep] = a.exactly("str.partition")?;
            let (s, sep) = (text(me, &s)?, text(me, &sep)?);
            let (a, b, c) = s.split_once(&*sep).map_or((&*s, "", ""), |(a, c)| (a, &*sep, c));
            Ok(Object::tuple([a, b, c].map(Object::str).to_vec()))
        },
    },
    Native {
        name: "str.rpartition",
        run: |me, a| {
            let [s, sep] = a.exactly("str.rpartition")?;
            let (s, sep) = (text(me, &s)?, text(me, &sep)?);
            let (a, b, c) = s.rsplit_once(&*sep).map_or(("", "", &*s), |(a, c)| (a, &*sep, c));
            Ok(Object::tuple([a, b, c].map(Object::str).to_vec()))
        },
    },
    Native { name: "str.join", run: join },
    Native {
        name: "str.replace",
        run: |me, a| {
            let [s, old, new, count] = a.bind("replace", ["self", "old", "new", "count"], 3)?;
            let (s, old, new) = (
                text(me, &s.unwrap_or_default())?,
                text(me, &old.unwrap_or_default())?,
                text(me, &new.unwrap_or_default())?,
            );
            let count = count.map_or(Ok(-1), |count| me.index(&count))?;
            me.step((s.len().saturating_mul(new.len() + 1) / 16) as u64)?;
            Ok(Object::str(match usize::try_from(count) {
                Ok(count) => s.replacen(&*old, &new, count),
                Err(_) => s.replace(&*old, &new),
            }))
        },
    },
    Native { name: "str.startswith", run: |me, a| affix(me, a, |s, p| s.starts_with(p)) },
    Native { name: "str.endswith", run: |me, a| affix(me, a, |s, p| s.ends_with(p)) },
    Native {
        name: "str.removeprefix",
        run: |me, a| {
            let [s, p] = a.exactly("str.removeprefix")?;
            let (s, p) = (text(me, &s)?, text(me, &p)?);
            Ok(Object::str(s.strip_prefix(&*p).unwrap_or(&s)))
        },
    },
    Native {
        name: "str.removesuffix",
        run: |me, a| {
            let [s, p] = a.exactly("str.removesuffix")?;
            let (s, p) = (text(me, &s)?, text(me, &p)?);
            Ok(Object::str(s.strip_suffix(&*p).unwrap_or(&s)))
        },
    },
    Native { name: "str.find", run: |me, a| find(me, a, false).map(|at| Object::Int(at.unwrap_or(-1))) },
    Native { name: "str.rfind", run: |me, a| find(me, a, true).map(|at| Object::Int(at.unwrap_or(-1))) },
    Native {
        name: "str.index",
        run: |me, a| find(me, a, false)?.map(Object::Int).ok_or_else(|| Raised::value_error("substring not found")),
    },
    Native {
        name: "str.rindex",
        run: |me, a| find(me, a, true)?.map(Object::Int).ok_or_else(|| Raised::value_error("substring not found")),
    },
    Native {
        name: "str.count",
        run: |me, a| {
            let [s, part] = a.exactly("str.count")?;
            let (s, part) = (text(me, &s)?, text(me, &part)?);
            let count = if part.is_empty() { s.chars().count() + 1 } else { s.matches(&*part).count() };
            Ok(Object::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        },
    },
    Native { name: "str.isdigit", run: |me, a| all(me, a, |c| c.is_ascii_digit()) },
    Native { name: "str.isdecimal", run: |me, a| all(me, a, |c| c.is_ascii_digit()) },
    Native { name: "str.isnumeric", run: |me, a| all(me, a, char::is_numeric) },
    Native { name: "str.isalpha", run: |me, a| all(me, a, char::is_alphabetic) },
    Native { name: "str.isalnum", run: |me, a| all(me, a, char::is_alphanumeric) },
    Native { name: "str.isspace", run: |me, a| all(me, a, char::is_whitespace) },
    Native {
        name: "str.isupper",
        run: |me, a| {
            let [s] = a.exactly("str.isupper")?;
            let s = text(me, &s)?;
            Ok(Object::Bool(s.chars().any(char::is_uppercase) && !s.chars().any(char::is_lowercase)))
        },
    },
    Native {
        name: "str.islower",
        run: |me, a| {
            let [s] = a.exactly("str.islower")?;
            let s = text(me, &s)?;
            Ok(Object::Bool(s.chars().any(char::is_lowercase) && !s.chars().any(char::is_uppercase)))
        },
    },
    Native {
        name: "str.isidentifier",
        run: |me, a| {
            let [s] = a.exactly("str.isidentifier")?;
            let s = text(me, &s)?;
            let starts = s.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
            Ok(Object::Bool(starts && s.chars().all(|c| c.is_alphanumeric() || c == '_')))
        },
    },
    Native { name: "str.ljust", run: |me, a| justify(me, a, "<") },
    Native { name: "str.rjust", run: |me, a| justify(me, a, ">") },
    Native { name: "str.center", run: |me, a| justify(me, a, "^") },
    Native {
        name: "str.zfill",
        run: |me, a| {
            let [s, width] = a.exactly("str.zfill")?;
            let (s, width) = (text(me, &s)?, usize::try_from(me.index(&width)?).unwrap_or(0));
            me.step(width as u64 / 16)?;
            let (sign, digits) = if s.starts_with(['+', '-']) { s.split_at(1) } else { ("", &*s) };
            let missing = width.saturating_sub(s.chars().count());
            Ok(Object::str(format!("{sign}{}{digits}", "0".repeat(missing))))
        },
    },
    Native { name: "str.format", run: format },
    Native {
        name: "str.encode",
        run: |me, a| {
            let text = text(me, a.positional.first().unwrap_or(&Object::None))?;
            Ok(Object::Bytes(text.bytes().collect()))
        },
    },
    Native { name: "str.expandtabs", run: |me, a| map(me, a, |s| s.replace('\t', "        ")) },
    Native {
        name: "str.__len__",
        run: |me, a| {
            let [s] = a.exactly("str.__len__")?;
            me.length(&plain(&s)).map(Object::Int)
        },
    },
];

fn text(me: &Interpreter, object: &Object) -> Outcome<Rc<str>> {
    match plain(object) {
        Object::Str(text) => Ok(text),
        other => Err(Raised::type_error(format!("must be str, not {}", me.type_name(&other)))),
    }
}

fn map(me: &mut Interpreter, arguments: Arguments, function: fn(&str) -> String) -> Outcome<Object> {
    let [s] = arguments.exactly("str.upper")?;
    let s = text(me, &s)?;
    me.step(s.len() as u64 / 16)?;
    Ok(Object::str(function(&s)))
}

fn all(me: &mut Interpreter, arguments: Arguments, test: fn(char) -> bool) -> Outcome<Object> {
    let [s] = arguments.exactly("str.isdigit")?;
    let s = text(me, &s)?;
    Ok(Object::Bool(!s.is_empty() && s.chars().all(test)))
}

fn strip(me: &mut Interpreter, arguments: Arguments, left: bool, right: bool) -> Outcome<Object> {
    let [s, chars] = arguments.bind("strip", ["self", "chars"], 1)?;
    let s = text(me, &s.unwrap_or_default())?;
    let chars = match chars {
        None | Some(Object::None) => None,
        Some(chars) => Some(text(me, &chars)?),
    };
    let drop = |c: char| chars.as_ref().map_or(c.is_whitespace(), |chars| chars.contains(c));
    let mut out = &*s;
    if left {
        out = out.trim_start_matches(drop);
    }
    if right {
        out = out.trim_end_matches(drop);
    }
    Ok(Object::str(out))
}

fn split(me: &mut Interpreter, arguments: Arguments, from_right: bool) -> Outcome<Object> {
    let [s, separator, limit] = arguments.bind("split", ["self", "sep", "maxsplit"], 1)?;
    let s = text(me, &s.unwrap_or_default())?;
    let limit = limit.map_or(Ok(-1), |limit| me.index(&limit))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    me.step(s.len() as u64 / 4)?;
    let mut parts: Vec<String> = match separator {
        None | Some(Object::None) => words(&s, limit, from_right),
        Some(separator) => {
            let separator = text(me, &separator)?;
            if separator.is_empty() {
                return Err(Raised::value_error("empty separator"));
            }
            if from_right {
                s.rsplitn(limit.saturating_add(1), &*separator).map(str::to_owned).collect()
            } else {
                s.splitn(limit.saturating_add(1), &*separator).map(str::to_owned).collect()
            }
        }
    };
    if from_right {
        parts.reverse();
    }
    Ok(Object::list(parts.into_iter().map(Object::str).collect()))
}

/// Splits at runs of white space; from the right the words come last first.
fn words(text: &str, limit: usize, from_right: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if words.len() == limit {
            words.push(rest.to_owned());
            break;
        }
        let (word, next) = if from_right {
            rest.rsplit_once(char::is_whitespace).map_or((rest, ""), |(next, word)| (word, next))
        } else {
            rest.split_once(char::is_whitespace).map_or((rest, ""), |(word, next)| (word, next))
        };
        words.push(word.to_owned());
        rest = next.trim();
    }
    words
}

fn join(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let [separator, parts] = arguments.exactly("str.join")?;
    let separator = text(me, &separator)?;
    let mut joined = Vec::new();
    for (at, part) in me.collect(&parts)?.iter().enumerate() {
        match plain(part) {
            Object::Str(part) => joined.push(part),
            other => {
                let name = me.type_name(&other);
                return Err(Raised::type_error(format!("sequence item {at}: expected str instance, {name} found")));
            }
        }
    }
    let length: usize = joined.iter().map(|part| part.len() + separator.len()).sum();
    me.step(length as u64 / 16)?;
    Ok(Object::str(joined.join(&separator)))
}

fn affix(me: &mut Interpreter, arguments: Arguments, test: fn(&str, &str) -> bool) -> Outcome<Object> {
    let [s, affix] = arguments.exactly("str.startswith")?;
    let s = text(me, &s)?;
    let candidates = match &affix {
        Object::Tuple(tuple) => tuple.items.0.clone(),
        one => vec![one.clone()],
    };
    for candidate in candidates {
        let Object::Str(part) = plain(&candidate) else {
            let name = me.type_name(&candidate);
            return Err(Raised::type_error(format!("startswith first arg must be str or a tuple of str, not {name}")));
        };
        if test(&s, &part) {
            return Ok(Object::Bool(true));
        }
    }
    Ok(Object::Bool(false))
}

fn find(me: &mut Interpreter, arguments: Arguments, last: bool) -> Outcome<Option<i64>> {
    let [s, part, start, stop] = arguments.bind("find", ["self", "sub", "start", "end"], 2)?;
    let (s, part) = (text(me, &s.unwrap_or_default())?, text(me, &part.unwrap_or_default())?);
    let chars: Vec<char> = s.chars().collect();
    let slice = [start.unwrap_or_default(), stop.unwrap_or_default(), Object::None];
    let span = me.span(&slice, chars.len())?;
    let window: String = span.indices().filter_map(|i| chars.get(i)).collect();
    let found = if last { window.rfind(&*part) } else { window.find(&*part) };
    Ok(found.map(|at| span.start + i64::try_from(window.get(..at).map_or(0, |b| b.chars().count())).unwrap_or(0)))
}

fn justify(me: &mut Interpreter, arguments: Arguments, align: &str) -> Outcome<Object> {
    let [s, width, fill] = arguments.bind("ljust", ["self", "width", "fillchar"], 2)?;
    let s = text(me, &s.unwrap_or_default())?;
    let width = me.index(&width.unwrap_or_default())?.max(0);
    let fill = match fill {
        Some(fill) => text(me, &fill)?,
        None => Rc::from(" "),
    };
    me.format(&Object::Str(s), &format!("{fill}{align}{width}")).map(Object::str)
}

/// `"{} {name!r:>8}".format(...)`
fn format(me: &mut Interpreter, arguments: Arguments) -> Outcome<Object> {
    let template = text(me, arguments.positional.first().unwrap_or(&Object::None))?;
    let mut automatic = 0usize;
    fill(me, &template, &arguments, &mut automatic, 0).map(Object::str)
}

fn fill(
    me: &mut Interpreter,
    template: &str,
    arguments: &Arguments,
    automatic: &mut usize,
    depth: usize,
) -> Outcome<String> {
    if depth > 2 {
        return Err(Raised::value_error("Max string recursion exceeded"));
    }
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => out.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => out.push('}'),
            '}' => return Err(Raised::value_error("Single '}' encountered in format string")),
            '{' => {
                let (mut field, mut open) = (String::new(), 1);
                for c in chars.by_ref() {
                    open += i32::from(c == '{') - i32::from(c == '}');
                    if open == 0 {
                        break;
                    }
                    field.push(c);
                }
                if open != 0 {
                    return Err(Raised::value_error("expected '}' before end of string"));
                }
                out.push_str(&replacement(me, &field, arguments, automatic, depth)?);
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

fn replacement(
    me: &mut Interpreter,
    field: &str,
    arguments: &Arguments,
    automatic: &mut usize,
    depth: usize,
) -> Outcome<String> {
    let (head, spec) = field.split_once(':').unwrap_or((field, ""));
    let (path, conversion) = head.split_once('!').unwrap_or((head, ""));
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (first, mut rest) = path.split_at(end);
    let mut value = if first.is_empty() || first.chars().all(|c| c.is_ascii_digit()) {
        let at = match first.parse() {
            Ok(at) => at,
            Err(_) => {
                *automatic += 1;
                *automatic - 1
            }
        };
        let found = arguments.positional.get(1usize.saturating_add(at)).cloned();
        found.ok_or_else(|| {
            Raised::index_error(format!("Replacement index {at} out of range for positional args tuple"))
        })?
    } else {
        let found = arguments.keyword.iter().find(|(key, _)| **key == *first).map(|(_, value)| value.clone());
        found.ok_or_else(|| Raised::key(Object::str(first)))?
    };
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let end = tail.find(['.', '[']).unwrap_or(tail.len());
            let (name, next) = tail.split_at(end);
            value = me.attribute(&value, name)?;
            rest = next;
        } else if let Some((index, next)) = rest.strip_prefix('[').and_then(|tail| tail.split_once(']')) {
            let index = index.parse().map_or_else(|_| Object::str(index), Object::Int);
            value = me.get_item(&value, &index)?;
            rest = next;
        } else {
            return Err(Raised::value_error("Only '.' or '[' may follow ']' in format field specifier"));
        }
    }
    let value = match conversion {
        "r" => Object::str(me.repr(&value)?),
        "s" => Object::str(me.text(&value)?),
        _ => value,
    };
    let spec = fill(me, spec, arguments, automatic, depth + 1)?;
    me.format(&value, &spec)
}
