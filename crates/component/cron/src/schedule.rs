//! When a schedule is due.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How many years after the present one are searched for a time at which a schedule is due.
const SEARCHED_YEARS: i16 = 5;

/// A cron schedule, or a delay that is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(crate) rule: Rule,
    /// The zone that the schedule itself names.
    pub(crate) zone: Option<TimeZone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Every(Duration),
    Calendar(Calendar),
}

/// The values of each field of a clock and calendar at which something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    pub(crate) second: Values,
    pub(crate) minute: Values,
    pub(crate) hour: Values,
    pub(crate) day: Values,
    pub(crate) month: Values,
    /// 0 is Sunday.
    pub(crate) weekday: Values,
}

/// A set of numbers below 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) bits: u64,
    /// Whether it was written as `*` or `?`.
    pub(crate) star: bool,
}

impl Values {
    fn contains(self, value: i8) -> bool {
        self.at_or_after(value) == Some(value)
    }

    /// The least value that is not below `from`.
    fn at_or_after(self, from: i8) -> Option<i8> {
        let bits = self.bits.checked_shr(u32::try_from(from).ok()?)?;
        let distance = i8::try_from(bits.trailing_zeros()).ok()?;
        (bits != 0).then_some(from + distance)
    }
}

impl Schedule {
    /// The first time after `after` at which this is due. A calendar schedule is read in the zone that it names, else
    /// in `local`. Nothing if it is never due in the present year or the five after it.
    ///
    /// A time that a change of clocks skips is not due, and one that it repeats is due twice.
    pub fn next(&self, after: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        match &self.rule {
            Rule::Every(delay) => after.checked_add(SignedDuration::try_from(*delay).ok()?).ok(),
            Rule::Calendar(calendar) => calendar.next(after, self.zone.as_ref().unwrap_or(local)),
        }
    }
}

impl Calendar {
    /// Between two changes of the zone's offset the wall clock runs evenly, so each such stretch is searched as
    /// plain calendar arithmetic.
    fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = Timestamp::new(after.as_second().checked_add(1)?, 0).ok()?;
        if after.subsec_nanosecond() < 0 {
            // Before 1970 `as_second` rounds up.
            from = Timestamp::new(after.as_second(), 0).ok()?;
        }
        let year = zone.to_datetime(after).year().checked_add(SEARCHED_YEARS)?;
        let end = Date::new(year, 12, 31).ok()?.at(23, 59, 59, 0);
        loop {
            let offset = zone.to_offset(from);
            let change = zone.following(from).next().map(|change| change.timestamp());
            let start = offset.to_datetime(from);
            if start > end {
                return None;
            }
            let last = match change {
                Some(change) => end.min(last_second_before(change, offset)?),
                None => end,
            };
            if let Some(found) = self.next_civil(start, last) {
                return offset.to_timestamp(found).ok();
            }
            from = change?;
        }
    }

    /// The first due time on the wall clock in `start..=last`.
    fn next_civil(&self, start: DateTime, last: DateTime) -> Option<DateTime> {
        let mut date = start.date();
        let mut clock = (start.hour(), start.minute(), start.second());
        while date <= last.date() {
            if self.month.contains(date.month()) {
                if self.is_due_on(date)
                    && let Some((hour, minute, second)) = self.next_clock(clock)
                {
                    return Some(date.at(hour, minute, second, 0)).filter(|found| *found <= last);
                }
                date = date.tomorrow().ok()?;
            } else {
                date = date.last_of_month().tomorrow().ok()?;
            }
            clock = (0, 0, 0);
        }
        None
    }

    /// The first due time of a day that is not before `(hour, minute, second)`.
    fn next_clock(&self, (hour, minute, second): (i8, i8, i8)) -> Option<(i8, i8, i8)> {
        let first_minute = self.minute.at_or_after(0)?;
        let first_second = self.second.at_or_after(0)?;
        if self.hour.contains(hour) {
            if self.minute.contains(minute)
                && let Some(second) = self.second.at_or_after(second)
            {
                return Some((hour, minute, second));
            }
            if let Some(minute) = self.minute.at_or_after(minute + 1) {
                return Some((hour, minute, first_second));
            }
        }
        Some((self.hour.at_or_after(hour + 1)?, first_minute, first_second))
    }

    /// Whether the day of the month and the day of the week fit. As in cron: if both are restricted, one is enough.
    fn is_due_on(&self, date: Date) -> bool {
        let day = self.day.contains(date.day());
        let weekday = self.weekday.contains(date.weekday().to_sunday_zero_offset());
        if self.day.star || self.weekday.star { day && weekday } else { day || weekday }
    }

    /// Whether this wall clock time is due.
    #[cfg(test)]
    pub(crate) fn matches(&self, time: DateTime) -> bool {
        self.month.contains(time.month())
            && self.is_due_on(time.date())
            && self.hour.contains(time.hour())
            && self.minute.contains(time.minute())
            && self.second.contains(time.second())
    }
}

/// What the clock shows in the last whole second before the zone changes.
fn last_second_before(change: Timestamp, offset: Offset) -> Option<DateTime> {
    let last = Timestamp::new(change.as_second().checked_sub(1)?, 0).ok()?;
    Some(offset.to_datetime(last))
}
