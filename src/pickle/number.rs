//! Python's numbers and strings as pickle spells them: two's complement longs, decimal text, escapes.

use super::object::Object;
use super::opcode::Opcode;
use crate::error::{Error, Result};
use num_bigint::BigInt;

/// Digits of a decimal LONG that we read: parsing is quadratic, and no checkpoint holds such numbers.
pub const MAX_DIGITS: usize = 10_000;

/// An int of any width in its narrowest form.
pub fn int(value: BigInt) -> Object {
    i64::try_from(&value).map_or(Object::BigInt(value), Object::Int)
}

/// LONG1 and LONG4: little-endian two's complement, empty is 0.
pub fn long(bytes: &[u8]) -> Object {
    int(BigInt::from_signed_bytes_le(bytes))
}

/// An int as CPython's protocol 2 spells it: the shortest of BININT1, BININT2 and BININT, else LONG1.
pub fn write_int(value: i64, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(value) {
        out.extend([Opcode::BININT1 as u8, byte]);
    } else if let Ok(two) = u16::try_from(value) {
        out.push(Opcode::BININT2 as u8);
        out.extend(two.to_le_bytes());
    } else if let Ok(four) = i32::try_from(value) {
        out.push(Opcode::BININT as u8);
        out.extend(four.to_le_bytes());
    } else {
        let bytes = BigInt::from(value).to_signed_bytes_le();
        out.extend([Opcode::LONG1 as u8, u8::try_from(bytes.len()).unwrap_or(0)]);
        out.extend(bytes);
    }
}

/// A wider int: LONG1, or LONG4 from 256 bytes on.
pub fn write_long(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if let Ok(len) = u8::try_from(bytes.len()) {
        out.extend([Opcode::LONG1 as u8, len]);
    } else {
        let len = i32::try_from(bytes.len()).map_err(|_| Error::too_large("an int", bytes.len(), i32::MAX))?;
        out.push(Opcode::LONG4 as u8);
        out.extend(len.to_le_bytes());
    }
    out.extend(bytes);
    Ok(())
}

/// INT and LONG: decimal text, LONG with a trailing `L`; protocol 1's `00` and `01` are bools. `None` when it is no number.
pub fn decimal(line: &[u8], opcode_is_int: bool) -> Option<Object> {
    match line {
        b"00" if opcode_is_int => return Some(Object::Bool(false)),
        b"01" if opcode_is_int => return Some(Object::Bool(true)),
        _ => {}
    }
    let text = std::str::from_utf8(line).ok()?.trim();
    let text = text.strip_suffix('L').unwrap_or(text);
    if text.len() > MAX_DIGITS {
        return None;
    }
    text.parse::<BigInt>().ok().map(int)
}

/// FLOAT: what `repr` of a float writes.
pub fn float(line: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(line).ok()?.trim();
    match text {
        "inf" | "Infinity" => Some(f64::INFINITY),
        "-inf" | "-Infinity" => Some(f64::NEG_INFINITY),
        "nan" | "NaN" => Some(f64::NAN),
        _ => text.parse().ok(),
    }
}

/// STRING: a quoted `repr` of Python 2's str, escapes resolved.
pub fn quoted(line: &[u8]) -> Option<Vec<u8>> {
    let (&quote, rest) = line.split_first()?;
    let (&last, body) = rest.split_last()?;
    if quote != last || !matches!(quote, b'\'' | b'"') {
        return None;
    }
    let mut out = Vec::new();
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            octal @ b'0'..=b'7' => {
                let mut value = u32::from(octal - b'0');
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|b| matches!(b, b'0'..=b'7')) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                out.push(u8::try_from(value & 0xff).ok()?);
            }
            other @ (b'\\' | b'\'' | b'"') => out.push(other),
            other => out.extend([b'\\', other]),
        }
    }
    Some(out)
}

/// UNICODE: raw-unicode-escape, that is Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = match (byte, tail.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        if digits == 0 {
            out.push(char::from(byte));
            rest = tail;
        } else {
            let text = std::str::from_utf8(tail.get(1..=digits)?).ok()?;
            let code = u32::from_str_radix(text, 16).ok()?;
            out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = tail.get(1 + digits..)?;
        }
    }
    Some(out)
}

/// UTF-8 as CPython writes it: with surrogatepass, so that a lone surrogate (three bytes from ED A0 80 to ED BF BF) becomes U+FFFD here.
/// The flag tells whether one was replaced; `None` when it is no UTF-8 at all.
pub fn utf8(bytes: &[u8]) -> Option<(String, bool)> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some((text.to_owned(), false));
    }
    let mut out = String::new();
    let mut rest = bytes;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                return Some((out, true));
            }
            Err(error) => {
                let (good, bad) = rest.split_at_checked(error.valid_up_to())?;
                out.push_str(std::str::from_utf8(good).ok()?);
                if !matches!(bad, [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..]) {
                    return None;
                }
                out.push(char::REPLACEMENT_CHARACTER);
                rest = bad.get(3..)?;
            }
        }
    }
}
