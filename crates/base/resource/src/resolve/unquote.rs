//! Go's quoted texts. The peer puts secrets and environment values where JSON would be and unquotes what is there, so
//! a value that happens to be a whole Go literal loses its quotes.

/// The text that `value` quotes if it is a Go string or character literal, else `value` as it is.
pub(super) fn unquote(value: String) -> String {
    match value.chars().next() {
        Some('"' | '`' | '\'') => read_literal(&value).unwrap_or(value),
        _ => value,
    }
}

fn read_literal(literal: &str) -> Option<String> {
    let quote = literal.chars().next()?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    if quote == '`' {
        // Raw: no escapes, and carriage returns do not count.
        return (!inner.contains('`')).then(|| inner.replace('\r', ""));
    }
    if inner.contains('\n') {
        return None;
    }
    // Escapes may write single bytes, so the text is put together as bytes.
    let mut bytes = Vec::with_capacity(inner.len());
    let mut characters = 0;
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        characters += 1;
        if character == quote {
            return None;
        }
        if character == '\\' {
            read_escape(&mut rest, quote, &mut bytes)?;
        } else {
            bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    if quote == '\'' && characters != 1 {
        return None;
    }
    String::from_utf8(bytes).ok()
}

fn read_escape(rest: &mut std::str::Chars<'_>, quote: char, bytes: &mut Vec<u8>) -> Option<()> {
    let kind = rest.next()?;
    let mut number = |digits: usize, radix: u32| {
        (0..digits).try_fold(0u32, |number, _| Some(number * radix + rest.next()?.to_digit(radix)?))
    };
    match kind {
        'a' => bytes.push(7),
        'b' => bytes.push(8),
        'f' => bytes.push(12),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'v' => bytes.push(11),
        '\\' => bytes.push(b'\\'),
        'x' => bytes.push(u8::try_from(number(2, 16)?).ok()?),
        'u' => push_char(bytes, number(4, 16)?)?,
        'U' => push_char(bytes, number(8, 16)?)?,
        '0'..='7' => {
            let first = kind.to_digit(8)?;
            bytes.push(u8::try_from(first * 64 + number(2, 8)?).ok()?);
        }
        _ if kind == quote => bytes.push(u8::try_from(quote).ok()?),
        _ => return None,
    }
    Some(())
}

fn push_char(bytes: &mut Vec<u8>, number: u32) -> Option<()> {
    bytes.extend(char::from_u32(number)?.encode_utf8(&mut [0; 4]).bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_go_literals_lose_their_quotes() {
        let cases = [
            ("plain", "plain"),
            ("", ""),
            ("\"", "\""),
            ("\"quoted\"", "quoted"),
            ("\"a\\tb\\u00e9\\x41\\101\"", "a\tb\u{e9}AA"),
            ("\"\\xc3\\xa9\"", "\u{e9}"),
            ("\"half", "\"half"),
            ("\"a\"b\"", "\"a\"b\""),
            ("\"bad \\q\"", "\"bad \\q\""),
            ("\"bad \\'\"", "\"bad \\'\""),
            ("\"line\nbreak\"", "\"line\nbreak\""),
            ("`raw \\n`", "raw \\n"),
            ("'x'", "x"),
            ("'\\n'", "\n"),
            ("'xy'", "'xy'"),
            ("''", "''"),
            ("{\"json\": 1}", "{\"json\": 1}"),
        ];
        for (value, expected) in cases {
            assert_eq!(unquote(value.to_owned()), expected, "{value}");
        }
    }
}
