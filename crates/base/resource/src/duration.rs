//! Durations as Go writes them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A signed duration with Go's text form: `5s`, `1m30s`, `100ms`, `-1.5h`. It holds nanoseconds, so it ends at about
/// 292 years either side of zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GoDuration(i64);

/// Why a text is no duration; the messages are Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// The text does not have the form, or is out of range.
    #[error("time: invalid duration {}", quoted(.0))]
    Form(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {}", quoted(.0))]
    MissingUnit(String),
    /// A unit that there is not.
    #[error("time: unknown unit {} in duration {}", quoted(.unit), quoted(.text))]
    UnknownUnit {
        /// What stands where a unit should.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl GoDuration {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// So many nanoseconds.
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// So many milliseconds; stops at the ends of the range.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(1_000_000))
    }

    /// The duration in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The duration if it is not negative.
    pub fn to_std(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }

    /// The duration, or zero if it is negative.
    pub fn to_std_or_zero(self) -> Duration {
        self.to_std().unwrap_or_default()
    }

    /// Reads a duration, taking a bare number for milliseconds as the peer does in resiliency policies.
    pub fn parse_or_millis(text: &str) -> Result<Self, InvalidDuration> {
        match text.parse::<i64>() {
            Ok(milliseconds) => Ok(Self(milliseconds.wrapping_mul(1_000_000))),
            Err(_) => text.parse(),
        }
    }
}

/// The end of Go's range, one beyond the largest positive duration.
const LIMIT: u64 = 1 << 63;

impl FromStr for GoDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let invalid = || InvalidDuration::Form(text.to_owned());
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (whole, after) = split_digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => split_digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let unit_end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, next) = after.split_at(unit_end);
            if unit.is_empty() {
                return Err(InvalidDuration::MissingUnit(text.to_owned()));
            }
            let factor = unit_nanoseconds(unit).ok_or_else(|| InvalidDuration::UnknownUnit {
                unit: unit.to_owned(),
                text: text.to_owned(),
            })?;
            let part = whole_number(whole)
                .and_then(|number| number.checked_mul(factor))
                .and_then(|number| number.checked_add(fraction_of(fraction, factor)))
                .filter(|number| *number <= LIMIT)
                .ok_or_else(invalid)?;
            total = total.checked_add(part).filter(|total| *total <= LIMIT).ok_or_else(invalid)?;
            rest = next;
        }
        match (negative, i64::try_from(total)) {
            (false, Ok(nanoseconds)) => Ok(Self(nanoseconds)),
            (true, Ok(nanoseconds)) => Ok(Self(-nanoseconds)),
            (true, Err(_)) => Ok(Self(i64::MIN)),
            (false, Err(_)) => Err(invalid()),
        }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn whole_number(digits: &str) -> Option<u64> {
    if digits.is_empty() { Some(0) } else { digits.parse().ok().filter(|number| *number <= LIMIT) }
}

/// The nanoseconds of the digits behind a point; digits beyond what a number can hold do not count.
fn fraction_of(digits: &str, factor: u64) -> u64 {
    let (mut number, mut scale) = (0u64, 1f64);
    for digit in digits.bytes() {
        let longer = number.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0')));
        match longer {
            Some(longer) if longer <= LIMIT => number = longer,
            _ => break,
        }
        scale *= 10.0;
    }
    (number as f64 * (factor as f64 / scale)) as u64
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Go's form: the largest unit that keeps a non-zero number in front, fractions without trailing zeros.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let nanoseconds = self.0.unsigned_abs();
        let with_fraction = |f: &mut fmt::Formatter<'_>, number: u64, unit: u64, width: usize, name: &str| {
            write!(f, "{}", number / unit)?;
            let fraction = number % unit;
            if fraction != 0 {
                let digits = format!("{fraction:0width$}");
                write!(f, ".{}", digits.trim_end_matches('0'))?;
            }
            f.write_str(name)
        };
        match nanoseconds {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanoseconds}ns"),
            1_000..1_000_000 => with_fraction(f, nanoseconds, 1_000, 3, "\u{b5}s"),
            1_000_000..1_000_000_000 => with_fraction(f, nanoseconds, 1_000_000, 6, "ms"),
            _ => {
                let minutes = nanoseconds / 60_000_000_000;
                if minutes >= 60 {
                    write!(f, "{}h", minutes / 60)?;
                }
                if minutes > 0 {
                    write!(f, "{}m", minutes % 60)?;
                }
                with_fraction(f, nanoseconds % 60_000_000_000, 1_000_000_000, 9, "s")
            }
        }
    }
}

/// A text as Go's `time` package quotes it in errors.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                quoted.push('\\');
                quoted.push(char::from(byte));
            }
            b' '..=b'~' | 0x7f => quoted.push(char::from(byte)),
            _ => {
                quoted.push_str("\\x");
                quoted.extend(
                    [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or('0')),
                );
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let cases: [(&str, i64); 30] = [
            ("0", 0),
            ("-0", 0),
            ("5s", 5_000_000_000),
            ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000),
            ("-5s", -5_000_000_000),
            ("+5s", 5_000_000_000),
            ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000),
            ("5.s", 5_000_000_000),
            (".5s", 500_000_000),
            ("1.004s", 1_004_000_000),
            ("100.00100s", 100_001_000_000),
            ("10ns", 10),
            ("11us", 11_000),
            ("12\u{b5}s", 12_000),
            ("12\u{3bc}s", 12_000),
            ("13ms", 13_000_000),
            ("15m", 900_000_000_000),
            ("16h", 57_600_000_000_000),
            ("3h30m", 12_600_000_000_000),
            ("1m30s", 90_000_000_000),
            ("10.5s4m", 250_500_000_000),
            ("-2m3.4s", -123_400_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("39h9m14.425s", 140_954_425_000_000),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(text.parse::<GoDuration>().map(GoDuration::as_nanos), Ok(nanoseconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_in_go_s_words() {
        let cases = [
            ("", r#"time: invalid duration """#),
            ("3", r#"time: missing unit in duration "3""#),
            ("-", r#"time: invalid duration "-""#),
            ("s", r#"time: invalid duration "s""#),
            (".", r#"time: invalid duration ".""#),
            ("-.s", r#"time: invalid duration "-.s""#),
            ("3000000h", r#"time: invalid duration "3000000h""#),
            ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
            ("9223372036854ms775us808ns", r#"time: invalid duration "9223372036854ms775us808ns""#),
            ("1d", r#"time: unknown unit "d" in duration "1d""#),
            ("5 s", r#"time: unknown unit " s" in duration "5 s""#),
            ("x\u{b5}", r#"time: invalid duration "x\xc2\xb5""#),
        ];
        for (text, message) in cases {
            assert_eq!(text.parse::<GoDuration>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1\u{b5}s"),
            (2_200_000, "2.2ms"),
            (3_300_000_000, "3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (480_000_000_001, "8m0.000000001s"),
            (3_600_000_000_000, "1h0m0s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ];
        for (nanoseconds, text) in cases {
            let duration = GoDuration::from_nanos(nanoseconds);
            assert_eq!(duration.to_string(), text);
            assert_eq!(text.parse(), Ok(duration), "{text}");
        }
    }

    #[test]
    fn a_bare_number_can_count_milliseconds() {
        assert_eq!(GoDuration::parse_or_millis("1500"), "1.5s".parse());
        assert_eq!(GoDuration::parse_or_millis("2s"), "2s".parse());
        assert!(GoDuration::parse_or_millis("soon").is_err());
    }
}
