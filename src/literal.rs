//! Strings as Python writes them.

/// `ascii(text)`: what is not ASCII is escaped.
pub fn ascii(text: &str) -> String {
    let escape = |c: char| match u32::from(c) {
        0..128 => c.to_string(),
        code @ 128..256 => format!("\\x{code:02x}"),
        code @ 256..65536 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    text.chars().map(escape).collect()
}

/// `repr` of a str.
pub fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if u32::from(c) < 32 || u32::from(c) == 127 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}
