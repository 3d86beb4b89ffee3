//! Dates and times as Go's YAML libraries recognise them.

/// The time that `text` is, in the form of RFC 3339 with as many digits after the second as it takes, or nothing.
/// Taken are a date, a date and a time parted by `T` or `t` with an offset, and parted by a space without one.
pub(crate) fn normalised(text: &str) -> Option<String> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    let month =
        rest.strip_prefix('-').and_then(|after| two(after, &mut rest)).filter(|m| (1..=12).contains(m))?;
    let day = rest.strip_prefix('-').and_then(|after| two(after, &mut rest))?;
    if day < 1 || day > days_in(year, month) {
        return None;
    }
    if rest.is_empty() {
        return Some(format!("{year:04}-{month:02}-{day:02}T00:00:00Z"));
    }
    let with_offset = rest.starts_with(['T', 't']);
    let hour =
        rest.strip_prefix(['T', 't', ' ']).and_then(|after| two(after, &mut rest)).filter(|h| *h < 24)?;
    let minute = rest.strip_prefix(':').and_then(|after| two(after, &mut rest)).filter(|m| *m < 60)?;
    let second = rest.strip_prefix(':').and_then(|after| two(after, &mut rest)).filter(|s| *s < 60)?;
    let fraction = match rest.strip_prefix(['.', ',']) {
        Some(after) => {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (fraction, after) = after.split_at(end);
            rest = after;
            // Finer than a nanosecond is cut off.
            let fraction = fraction.get(..9).unwrap_or(fraction);
            if end == 0 {
                return None;
            }
            fraction.trim_end_matches('0')
        }
        None => "",
    };
    let offset = match rest {
        // Without an offset it is the zero one, but only in the form with a space.
        "" => (!with_offset).then_some("Z")?,
        "Z" | "+00:00" | "-00:00" if with_offset => "Z",
        _ if with_offset => {
            let mut after = rest.strip_prefix(['+', '-'])?;
            let hours = digits(&mut after, 2, 2)?;
            after = after.strip_prefix(':')?;
            let minutes = digits(&mut after, 2, 2)?;
            if hours > 24 || minutes > 60 || !after.is_empty() {
                return None;
            }
            rest
        }
        _ => return None,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{offset}"))
}

/// One or two digits at the start of `after`; `rest` becomes what follows them.
fn two<'a>(mut after: &'a str, rest: &mut &'a str) -> Option<u32> {
    let number = digits(&mut after, 1, 2)?;
    *rest = after;
    Some(number)
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (number, after) = rest.split_at(count);
    *rest = after;
    number.parse().ok()
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
