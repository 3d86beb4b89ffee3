//! Reads schedules as people write them.
//!
//! The grammar is that of robfig/cron with an optional first field for seconds:
//!
//! ```text
//! schedule = [ ("TZ=" | "CRON_TZ=") zone " " ] ( "@" name | "@every " duration | fields )
//! fields   = [ second ] minute hour day-of-month month day-of-week
//! field    = range { "," range }
//! range    = ( "*" | "?" | value [ "-" value ] ) [ "/" step ]
//! ```

use std::str::FromStr;

use jiff::tz::TimeZone;
use tender_component::metadata::parse_go_duration;

use crate::schedule::{Calendar, Rule, Schedule, Values};

/// Why a text is no schedule. The words are the peer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Nothing is there.
    #[error("empty spec string")]
    Empty,
    /// The named time zone does not exist.
    #[error("provided bad location {0}: unknown time zone {0}")]
    Zone(String),
    /// A name that begins with `@` and means nothing.
    #[error("unrecognized descriptor: {0}")]
    Descriptor(String),
    /// What follows `@every` is no positive duration.
    #[error("failed to parse duration {descriptor}: time: invalid duration {duration:?}")]
    Duration {
        /// All of it, from the `@`.
        descriptor: String,
        /// The part that should be a duration.
        duration: String,
    },
    /// Too few fields or too many.
    #[error("expected 5 to 6 fields, found {}: [{}]", .0.len(), .0.join(" "))]
    FieldCount(Vec<String>),
    /// A word where a number should be.
    #[error("failed to parse int from {0}: strconv.Atoi: parsing {0:?}: invalid syntax")]
    Number(String),
    /// A number that no machine word holds.
    #[error("failed to parse int from {0}: strconv.Atoi: parsing {0:?}: value out of range")]
    NumberRange(String),
    /// A number below zero.
    #[error("negative number ({0}) not allowed: {0}")]
    Negative(i64),
    /// A range of more than two ends.
    #[error("too many hyphens: {0}")]
    Hyphens(String),
    /// More than one step.
    #[error("too many slashes: {0}")]
    Slashes(String),
    /// A value below what the field can be.
    #[error("beginning of range ({start}) below minimum ({minimum}): {range}")]
    BelowMinimum {
        /// The value.
        start: i64,
        /// The least that the field can be.
        minimum: i64,
        /// Where it stands.
        range: String,
    },
    /// A value above what the field can be.
    #[error("end of range ({end}) above maximum ({maximum}): {range}")]
    AboveMaximum {
        /// The value.
        end: i64,
        /// The most that the field can be.
        maximum: i64,
        /// Where it stands.
        range: String,
    },
    /// A range whose ends are in the wrong order.
    #[error("beginning of range ({start}) beyond end of range ({end}): {range}")]
    Reversed {
        /// The first end.
        start: i64,
        /// The second end.
        end: i64,
        /// Where it stands.
        range: String,
    },
    /// A step of zero.
    #[error("step of range should be a positive number: {0}")]
    ZeroStep(String),
}

/// What one field can be.
struct Bounds {
    min: i64,
    max: i64,
    /// Names of the values from `min` on, in lower case.
    names: &'static [&'static str],
}

const SECOND: Bounds = Bounds { min: 0, max: 59, names: &[] };
const MINUTE: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOUR: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAY: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTH: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl FromStr for Schedule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::Empty);
        }
        let (zone, text) = split_zone(text)?;
        let rule = match text.strip_prefix("@every ") {
            Some(duration) => every(text, duration)?,
            None if text.starts_with('@') => Rule::Calendar(named(text)?),
            None => Rule::Calendar(calendar(text)?),
        };
        Ok(Self { rule, zone })
    }
}

/// Takes the prefix off that names a time zone.
fn split_zone(text: &str) -> Result<(Option<TimeZone>, &str), ParseError> {
    let Some(after) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok((None, text));
    };
    let (name, rest) = after.split_once(' ').ok_or_else(|| ParseError::Zone(after.to_owned()))?;
    let zone = match name {
        "" | "UTC" => Some(TimeZone::UTC),
        "Local" => None,
        _ => Some(TimeZone::get(name).map_err(|_| ParseError::Zone(name.to_owned()))?),
    };
    Ok((zone, rest.trim()))
}

/// The peer takes a delay of zero too, and then never rests; here it is refused.
fn every(descriptor: &str, duration: &str) -> Result<Rule, ParseError> {
    match parse_go_duration(duration) {
        Some(delay) if !delay.is_zero() => Ok(Rule::Every(delay)),
        _ => Err(ParseError::Duration { descriptor: descriptor.to_owned(), duration: duration.to_owned() }),
    }
}

fn named(descriptor: &str) -> Result<Calendar, ParseError> {
    calendar(match descriptor {
        "@yearly" | "@annually" => "0 0 0 1 1 *",
        "@monthly" => "0 0 0 1 * *",
        "@weekly" => "0 0 0 * * 0",
        "@daily" | "@midnight" => "0 0 0 * * *",
        "@hourly" => "0 0 * * * *",
        _ => return Err(ParseError::Descriptor(descriptor.to_owned())),
    })
}

fn calendar(text: &str) -> Result<Calendar, ParseError> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (second, [minute, hour, day, month, weekday]) = match *fields.as_slice() {
        [minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => (second, [minute, hour, day, month, weekday]),
        _ => return Err(ParseError::FieldCount(fields.into_iter().map(str::to_owned).collect())),
    };
    Ok(Calendar {
        second: values(second, &SECOND)?,
        minute: values(minute, &MINUTE)?,
        hour: values(hour, &HOUR)?,
        day: values(day, &DAY)?,
        month: values(month, &MONTH)?,
        weekday: values(weekday, &WEEKDAY)?,
    })
}

/// As the peer: empty parts between commas are passed over, and a field of nothing else is never due.
fn values(field: &str, bounds: &Bounds) -> Result<Values, ParseError> {
    let mut all = Values::default();
    for part in field.split(',').filter(|part| !part.is_empty()) {
        let values = range(part, bounds)?;
        all = Values { bits: all.bits | values.bits, star: all.star | values.star };
    }
    Ok(all)
}

fn range(text: &str, bounds: &Bounds) -> Result<Values, ParseError> {
    let owned = || text.to_owned();
    let (ends, step) = match text.split_once('/') {
        Some((ends, step)) => (ends, Some(step)),
        None => (text, None),
    };
    let mut ends = ends.split('-');
    let low = ends.next().unwrap_or_default();
    let high = ends.next();
    let mut star = matches!(low, "*" | "?");
    let (start, mut end) = if star {
        (bounds.min, bounds.max)
    } else {
        let start = value(low, bounds)?;
        match high {
            _ if ends.next().is_some() => return Err(ParseError::Hyphens(owned())),
            Some(high) => (start, value(high, bounds)?),
            None => (start, start),
        }
    };
    let step = match step {
        None => 1,
        Some(step) if step.contains('/') => return Err(ParseError::Slashes(owned())),
        Some(step) => {
            let step = number(step)?;
            // `5/15` goes on to the end of the field.
            if high.is_none() {
                end = bounds.max;
            }
            star &= step <= 1;
            step
        }
    };
    if start < bounds.min {
        return Err(ParseError::BelowMinimum { start, minimum: bounds.min, range: owned() });
    }
    if end > bounds.max {
        return Err(ParseError::AboveMaximum { end, maximum: bounds.max, range: owned() });
    }
    if start > end {
        return Err(ParseError::Reversed { start, end, range: owned() });
    }
    if step == 0 {
        return Err(ParseError::ZeroStep(owned()));
    }
    let stride = usize::try_from(step).unwrap_or(usize::MAX);
    let bits = (start..=end).step_by(stride).fold(0, |bits, value| bits | 1 << value);
    Ok(Values { bits, star })
}

fn value(text: &str, bounds: &Bounds) -> Result<i64, ParseError> {
    match bounds.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        Some(position) => Ok(bounds.min + position as i64),
        None => number(text),
    }
}

fn number(text: &str) -> Result<i64, ParseError> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(ParseError::Negative(number)),
        Ok(number) => Ok(number),
        Err(error) if matches!(error.kind(), PosOverflow | NegOverflow) => {
            Err(ParseError::NumberRange(text.to_owned()))
        }
        Err(_) => Err(ParseError::Number(text.to_owned())),
    }
}
