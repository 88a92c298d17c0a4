//! Text of numbers: `repr` of floats, and the format specifications of f-strings, `format` and `%`.

use super::number::Number;
use super::object::Object;
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};

/// `repr(float)`: the shortest text that reads back as the same float.
pub fn float_repr(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if x == 0.0 || (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    format!("{mantissa}e{}", exponent_text(exponent))
}

fn exponent_text(exponent: i32) -> String {
    format!("{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// A parsed format specification.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// The widest field.
const MAX_WIDTH: usize = 10_000;

impl Spec {
    /// `[[fill]align][sign][#][0][width][grouping][.precision][type]`
    pub fn parse(text: &str) -> Outcome<Self> {
        let mut spec = Self::default();
        let mut chars = text.chars().peekable();
        let is_align = |c: char| matches!(c, '<' | '>' | '^' | '=');
        let mut two = text.chars();
        let (first, second) = (two.next(), two.next());
        if let (Some(fill), Some(align)) = (first, second)
            && is_align(align)
        {
            (spec.fill, spec.align) = (Some(fill), Some(align));
            chars.nth(1);
        } else if let Some(align) = chars.next_if(|c| is_align(*c)) {
            spec.align = Some(align);
        }
        spec.sign = chars.next_if(|c| matches!(c, '+' | '-' | ' '));
        spec.alternate = chars.next_if_eq(&'#').is_some();
        spec.zero = chars.next_if_eq(&'0').is_some();
        let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let mut value: Option<usize> = None;
            while let Some(digit) = chars.next_if(char::is_ascii_digit).and_then(|c| c.to_digit(10)) {
                value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize));
            }
            value
        };
        spec.width = number(&mut chars).unwrap_or(0);
        spec.group = chars.next_if(|c| matches!(c, ',' | '_'));
        if chars.next_if_eq(&'.').is_some() {
            match number(&mut chars) {
                Some(precision) => spec.precision = Some(precision),
                None => return Err(Raised::value_error("Format specifier missing precision")),
            }
        }
        spec.kind = chars.next();
        if chars.next().is_some() {
            return Err(Raised::value_error("Invalid format specifier"));
        }
        if spec.width > MAX_WIDTH || spec.precision.is_some_and(|p| p > MAX_WIDTH) {
            return Err(crate::error::Error::too_large("the width of a format", spec.width, MAX_WIDTH).into());
        }
        Ok(spec)
    }

    /// Fills to the width.
    fn pad(&self, sign: &str, digits: &str, default: char) -> String {
        let length = sign.chars().count() + digits.chars().count();
        let missing = self.width.saturating_sub(length);
        let (fill, align) = match (self.align, self.zero) {
            (None, true) => ('0', '='),
            (align, zero) => (self.fill.unwrap_or(if zero { '0' } else { ' ' }), align.unwrap_or(default)),
        };
        let run = |count: usize| fill.to_string().repeat(count);
        match align {
            '<' => format!("{sign}{digits}{}", run(missing)),
            '^' => format!("{}{sign}{digits}{}", run(missing / 2), run(missing - missing / 2)),
            '=' => format!("{sign}{}{digits}", run(missing)),
            _ => format!("{}{sign}{digits}", run(missing)),
        }
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        }
    }

    /// With zeros filled in before the grouping, as `format(1234, '010,')` does.
    fn grouped(&self, whole: &str, rest: &str, sign: &str, every: usize) -> String {
        let Some(separator) = self.group else { return format!("{whole}{rest}") };
        let mut whole = whole.to_owned();
        loop {
            let count = whole.len();
            let mut text = String::new();
            for (at, c) in whole.chars().enumerate() {
                if at > 0 && (count - at).is_multiple_of(every) {
                    text.push(separator);
                }
                text.push(c);
            }
            text.push_str(rest);
            if self.align.is_some() || !self.zero || text.len() + sign.len() >= self.width {
                return text;
            }
            whole.insert(0, '0');
        }
    }

    fn unknown(&self, name: &str) -> Box<Raised> {
        let kind = self.kind.unwrap_or_default();
        Raised::value_error(format!("Unknown format code '{kind}' for object of type '{name}'"))
    }

    fn int(&self, value: i64) -> Outcome<String> {
        let sign = self.sign(value < 0);
        let magnitude = value.unsigned_abs();
        let (prefix, digits, every) = match self.kind {
            None | Some('d' | 'n') => ("", magnitude.to_string(), 3),
            Some('x') => ("0x", format!("{magnitude:x}"), 4),
            Some('X') => ("0X", format!("{magnitude:X}"), 4),
            Some('o') => ("0o", format!("{magnitude:o}"), 4),
            Some('b') => ("0b", format!("{magnitude:b}"), 4),
            Some('c') => {
                let c = u32::try_from(value).ok().and_then(char::from_u32);
                let c = c.ok_or_else(|| Raised::overflow("%c arg not in range(0x110000)"))?;
                return Ok(self.pad("", &c.to_string(), '<'));
            }
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => return self.float(Number::Int(value).float()),
            _ => return Err(self.unknown("int")),
        };
        if self.precision.is_some() {
            return Err(Raised::value_error("Precision not allowed in integer format specifier"));
        }
        let sign = if self.alternate { format!("{sign}{prefix}") } else { sign.to_owned() };
        Ok(self.pad(&sign, &self.grouped(&digits, "", &sign, every), '>'))
    }

    fn float(&self, value: f64) -> Outcome<String> {
        let sign = self.sign(value.is_sign_negative() && !value.is_nan());
        let magnitude = value.abs();
        let kind = self.kind.unwrap_or(if self.precision.is_some() { 'r' } else { 's' });
        let precision = self.precision.unwrap_or(6);
        let mut text = if !magnitude.is_finite() {
            if magnitude.is_nan() { "nan".to_owned() } else { "inf".to_owned() }
        } else {
            match kind {
                'f' | 'F' => format!("{magnitude:.precision$}"),
                '%' => format!("{:.precision$}", magnitude * 100.0),
                'e' | 'E' => exponential(magnitude, precision),
                'g' | 'G' | 'n' => general(magnitude, precision, self.alternate, false),
                'r' => general(magnitude, precision, false, true),
                's' => float_repr(magnitude),
                _ => return Err(self.unknown("float")),
            }
        };
        if matches!(kind, 'E' | 'F' | 'G') {
            text = text.to_uppercase();
        }
        if kind == '%' {
            text.push('%');
        }
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = text.split_at(split);
        let text = if whole.is_empty() { text } else { self.grouped(whole, rest, sign, 3) };
        Ok(self.pad(sign, &text, '>'))
    }

    fn str(&self, text: &str) -> Outcome<String> {
        if !matches!(self.kind, None | Some('s')) {
            return Err(self.unknown("str"));
        }
        if self.align == Some('=') {
            return Err(Raised::value_error("'=' alignment not allowed in string format specifier"));
        }
        let text: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        let plain = Self { zero: false, fill: self.fill.or(self.zero.then_some('0')), ..self.clone() };
        Ok(plain.pad("", &text, '<'))
    }
}

fn exponential(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{mantissa}e{}", exponent_text(exponent.parse().unwrap_or(0)))
}

/// `%g`, and with `point` the format of floats that have a precision and no type.
fn general(value: f64, precision: usize, alternate: bool, point: bool) -> String {
    let precision = precision.max(1);
    let rounded = format!("{value:.*e}", precision - 1);
    let exponent: i32 = rounded.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    let trim = |text: String| {
        if alternate || !text.contains('.') {
            text
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    if exponent < -4 || exponent >= limit - i32::from(point) && (exponent >= limit || point) {
        let text = exponential(value, precision - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{}e{exponent}", trim(mantissa.to_owned()));
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or(0);
    let text = trim(format!("{value:.decimals$}"));
    if point && !text.contains('.') { format!("{text}.0") } else { text }
}

impl Interpreter {
    /// `format(object, spec)`.
    pub fn format(&mut self, object: &Object, spec: &str) -> Outcome<String> {
        if let Object::Instance(instance) = object
            && let Some(method) = instance.class.lookup("__format__")
        {
            let text = self.call_object(&method, Arguments::of(vec![object.clone(), Object::str(spec)]))?;
            return self.text(&text);
        }
        if spec.is_empty() {
            return self.text(object);
        }
        match object {
            Object::Bool(b) if matches!(spec.chars().last(), Some('d' | 'f' | 'x' | 'b')) => {
                Spec::parse(spec)?.int(i64::from(*b))
            }
            Object::Bool(b) => {
                let parsed = Spec::parse(spec)?;
                match parsed.kind {
                    None => parsed.int(i64::from(*b)),
                    _ => parsed.str(if *b { "True" } else { "False" }),
                }
            }
            Object::Int(i) => Spec::parse(spec)?.int(*i),
            Object::Float(f) => Spec::parse(spec)?.float(*f),
            Object::Str(text) => Spec::parse(spec)?.str(text),
            Object::Tensor(_) => {
                let item = self.tensor_item(object)?;
                self.format(&item, spec)
            }
            _ => match super::operator::payload(object) {
                Some(payload) => self.format(&payload, spec),
                None => {
                    let name = self.type_name(object);
                    Err(Raised::type_error(format!("unsupported format string passed to {name}.__format__")))
                }
            },
        }
    }

    /// `text % values`.
    pub fn percent(&mut self, text: &str, values: &Object) -> Outcome<String> {
        let (mut items, mapping) = match values {
            Object::Tuple(tuple) => (tuple.items.0.clone().into_iter(), false),
            Object::Dict(_) => (vec![values.clone()].into_iter(), true),
            other => (vec![other.clone()].into_iter(), false),
        };
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            if chars.next_if_eq(&'%').is_some() {
                out.push('%');
                continue;
            }
            let mut key = None;
            if chars.next_if_eq(&'(').is_some() {
                key = Some(chars.by_ref().take_while(|c| *c != ')').collect::<String>());
            }
            let mut flags = String::new();
            while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
                flags.push(flag);
            }
            let mut size = String::new();
            while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || *c == '.' || *c == '*') {
                match c {
                    '*' => {
                        let width = items.next().ok_or_else(few)?;
                        size.push_str(&self.index(&width)?.to_string());
                    }
                    c => size.push(c),
                }
            }
            let Some(kind) = chars.next() else { return Err(Raised::value_error("incomplete format")) };
            let value = match &key {
                Some(key) => self.get_item(values, &Object::str(key))?,
                None => items.next().ok_or_else(few)?,
            };
            let left = flags.contains('-');
            let align = if left { "<" } else { "" };
            let sign = if flags.contains('+') { "+" } else { "" };
            let zero = if flags.contains('0') && !left { "0" } else { "" };
            let alternate = if flags.contains('#') { "#" } else { "" };
            out.push_str(&match kind {
                's' | 'r' => {
                    let shown = if kind == 's' { self.text(&value)? } else { self.repr(&value)? };
                    let align = if left { "<" } else { ">" };
                    self.format(&Object::str(shown), &format!("{align}{size}"))?
                }
                'd' | 'i' | 'u' => {
                    let Some(number) = Self::as_number(&value) else {
                        let name = self.type_name(&value);
                        return Err(Raised::type_error(format!(
                            "%{kind} format: a real number is required, not {name}"
                        )));
                    };
                    let int = match number {
                        Number::Int(i) => i,
                        Number::Float(f) => super::number::truncate(f)?,
                    };
                    self.format(&Object::Int(int), &format!("{align}{sign}{zero}{size}d"))?
                }
                'x' | 'X' | 'o' => {
                    let int = self.index(&value)?;
                    self.format(&Object::Int(int), &format!("{align}{sign}{alternate}{zero}{size}{kind}"))?
                }
                'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
                    let Some(number) = Self::as_number(&value) else {
                        let name = self.type_name(&value);
                        return Err(Raised::type_error(format!("must be real number, not {name}")));
                    };
                    self.format(&Object::Float(number.float()), &format!("{align}{sign}{alternate}{zero}{size}{kind}"))?
                }
                'c' => self.text(&value)?,
                other => return Err(Raised::value_error(format!("unsupported format character '{other}'"))),
            });
        }
        if !mapping && items.next().is_some() {
            return Err(Raised::type_error("not all arguments converted during string formatting"));
        }
        Ok(out)
    }
}

fn few() -> Box<Raised> {
    Raised::type_error("not enough arguments for format string")
}
