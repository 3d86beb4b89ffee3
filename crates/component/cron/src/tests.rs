//! Schedules and when they are due. The cases are those that robfig/cron documents by its tests.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use crate::Schedule;
use crate::schedule::Rule;

fn next(schedule: &str, after: &str, local: &TimeZone) -> Option<Timestamp> {
    let schedule: Schedule = schedule.parse().unwrap();
    schedule.next(after.parse().unwrap(), local)
}

fn new_york() -> TimeZone {
    TimeZone::get("America/New_York").unwrap()
}

fn check(local: &TimeZone, cases: &[(&str, &str, &str)]) {
    for (after, schedule, expected) in cases {
        let expected = (!expected.is_empty()).then(|| expected.parse().unwrap());
        assert_eq!(next(schedule, after, local), expected, "{schedule} after {after}");
    }
}

#[test]
fn fields_carry_over_into_the_next() {
    check(
        &TimeZone::UTC,
        &[
            ("2012-07-09T14:45:00Z", "0 0/15 * * * *", "2012-07-09T15:00:00Z"),
            ("2012-07-09T14:59:59Z", "0 0/15 * * * *", "2012-07-09T15:00:00Z"),
            ("2012-07-09T14:59:59.5Z", "0/15 * * * *", "2012-07-09T15:00:00Z"),
            ("2012-07-09T15:45:00Z", "0 20-35/15 * * * *", "2012-07-09T16:20:00Z"),
            ("2012-07-09T23:46:00Z", "0 */15 * * * *", "2012-07-10T00:00:00Z"),
            ("2012-07-09T23:35:51Z", "15/35 20-35/15 * * * *", "2012-07-10T00:20:15Z"),
            ("2012-07-09T23:35:51Z", "15/35 20-35/15 1/2 * * *", "2012-07-10T01:20:15Z"),
            ("2012-07-09T23:35:51Z", "15/35 20-35/15 10-12 * * *", "2012-07-10T10:20:15Z"),
            ("2012-07-09T23:35:51Z", "15/35 20-35/15 1/2 */2 * *", "2012-07-11T01:20:15Z"),
            ("2012-07-09T23:35:51Z", "15/35 20-35/15 * 9-20 Jul *", "2012-07-10T00:20:15Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 9 Apr-Oct ?", "2012-08-09T00:00:00Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 */5 Apr,Aug,Oct Mon", "2012-08-01T00:00:00Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 */5 Oct Mon", "2012-10-01T00:00:00Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 * Feb Mon", "2013-02-04T00:00:00Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 * Feb Mon/2", "2013-02-01T00:00:00Z"),
            ("2012-12-31T23:59:45Z", "0 * * * * *", "2013-01-01T00:00:00Z"),
            ("2012-07-09T23:35:00Z", "0 0 0 29 Feb ?", "2016-02-29T00:00:00Z"),
            ("1969-12-31T23:59:58.5Z", "* * * * * *", "1969-12-31T23:59:59Z"),
        ],
    );
}

#[test]
fn what_is_never_due_has_no_next() {
    check(
        &TimeZone::UTC,
        &[
            ("2012-07-09T23:35:00Z", "0 0 0 30 Feb ?", ""),
            ("2012-07-09T23:35:00Z", "0 0 0 31 Apr ?", ""),
            ("2012-07-09T23:35:00Z", ", * * * *", ""),
            ("2096-03-01T00:00:00Z", "0 0 29 2 *", ""),
            ("9999-12-30T00:00:00Z", "0 0 29 2 *", ""),
        ],
    );
}

#[test]
fn named_schedules_and_delays() {
    check(
        &TimeZone::UTC,
        &[
            ("2012-07-09T15:04:00Z", "@hourly", "2012-07-09T16:00:00Z"),
            ("2012-07-09T15:00:00Z", "@daily", "2012-07-10T00:00:00Z"),
            ("2012-07-09T15:00:00Z", "@midnight", "2012-07-10T00:00:00Z"),
            ("2012-07-09T15:00:00Z", "@weekly", "2012-07-15T00:00:00Z"),
            ("2012-07-09T15:00:00Z", "@monthly", "2012-08-01T00:00:00Z"),
            ("2012-07-09T15:00:00Z", "@yearly", "2013-01-01T00:00:00Z"),
            ("2012-07-09T15:00:00Z", "@annually", "2013-01-01T00:00:00Z"),
            ("2012-07-09T15:00:00.25Z", "@every 1h30m10s", "2012-07-09T16:30:10.25Z"),
            ("2012-07-09T15:00:00Z", "@every 5ms", "2012-07-09T15:00:00.005Z"),
            ("2012-07-09T15:00:00Z", "TZ=Asia/Tokyo @midnight", "2012-07-10T15:00:00Z"),
            ("2012-07-09T14:59:00Z", "CRON_TZ=Asia/Tokyo  @midnight", "2012-07-09T15:00:00Z"),
        ],
    );
}

#[test]
fn if_both_days_are_restricted_one_is_enough() {
    for (after, schedule, due) in [
        ("2012-07-15", "* * 1,15 * Sun", true),
        ("2012-06-15", "* * 1,15 * Sun", true),
        ("2012-08-01", "* * 1,15 * Sun", true),
        ("2012-07-15", "* * */10 * Sun", true),
        ("2012-07-15", "* * * * Mon", false),
        ("2012-07-09", "* * 1,15 * *", false),
        ("2012-07-15", "* * 1,15 * *", true),
        ("2012-07-15", "* * */2 * Sun", true),
    ] {
        let midnight: Timestamp = format!("{after}T00:00:00Z").parse().unwrap();
        let found = next(schedule, &(midnight - 1.second()).to_string(), &TimeZone::UTC);
        assert_eq!(found == Some(midnight), due, "{schedule} on {after}");
    }
}

#[test]
fn skipped_times_are_not_due_and_repeated_ones_are_due_twice() {
    check(
        &new_york(),
        &[
            // Clocks go forward at 2 am.
            ("2012-03-11T00:00:00-05:00", "0 30 2 11 Mar ?", "2013-03-11T02:30:00-04:00"),
            ("2012-03-11T01:00:00-05:00", "0 0 * * * ?", "2012-03-11T03:00:00-04:00"),
            ("2012-03-11T01:00:00-05:00", "0 0 1 * * ?", "2012-03-12T01:00:00-04:00"),
            ("2012-03-11T00:00:00-05:00", "0 0 2 * * ?", "2012-03-12T02:00:00-04:00"),
            // Clocks go back at 2 am.
            ("2012-11-04T00:00:00-04:00", "0 30 2 04 Nov ?", "2012-11-04T02:30:00-05:00"),
            ("2012-11-04T01:45:00-04:00", "0 30 1 04 Nov ?", "2012-11-04T01:30:00-05:00"),
            ("2012-11-04T00:00:00-04:00", "0 0 * * * ?", "2012-11-04T01:00:00-04:00"),
            ("2012-11-04T01:00:00-04:00", "0 0 * * * ?", "2012-11-04T01:00:00-05:00"),
            ("2012-11-04T01:00:00-05:00", "0 0 * * * ?", "2012-11-04T02:00:00-05:00"),
            ("2012-11-04T01:00:00-04:00", "0 0 1 * * ?", "2012-11-04T01:00:00-05:00"),
            ("2012-11-04T01:00:00-05:00", "0 0 1 * * ?", "2012-11-05T01:00:00-05:00"),
            ("2012-11-04T02:00:00-05:00", "0 0 2 * * ?", "2012-11-05T02:00:00-05:00"),
            ("2012-11-04T00:00:00-04:00", "0 0 3 3 * ?", "2012-12-03T03:00:00-05:00"),
            // A zone of the schedule's own, where midnight itself is skipped.
            ("2018-10-17T05:00:00-04:00", "TZ=America/Sao_Paulo 0 0 9 10 * ?", "2018-11-10T06:00:00-05:00"),
            ("2018-02-14T05:00:00-05:00", "TZ=America/Sao_Paulo 0 0 9 22 * ?", "2018-02-22T07:00:00-05:00"),
            ("2018-11-03T05:00:00-03:00", "TZ=America/Sao_Paulo 0 0 * * *", "2018-11-05T00:00:00-02:00"),
        ],
    );
}

#[test]
fn wrong_schedules_are_refused_in_the_peers_words() {
    for (schedule, expected) in [
        ("", "empty spec string"),
        ("   ", "expected 5 to 6 fields, found 0: []"),
        ("* * * *", "expected 5 to 6 fields, found 4: [* * * *]"),
        ("* * * * * * *", "expected 5 to 6 fields, found 7: [* * * * * * *]"),
        ("* 5 j * * *", r#"failed to parse int from j: strconv.Atoi: parsing "j": invalid syntax"#),
        (
            "99999999999999999999 * * * *",
            r#"failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range"#,
        ),
        ("*/-12 * * * *", "negative number (-12) not allowed: -12"),
        ("5--5 * * * *", "too many hyphens: 5--5"),
        ("*//2 * * * *", "too many slashes: *//2"),
        ("60 0 * * *", "end of range (60) above maximum (59): 60"),
        ("0 24 * * *", "end of range (24) above maximum (23): 24"),
        ("0 0 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("TZ=America/New_York 15/0 * * * *", "step of range should be a positive number: 15/0"),
        ("@every Xm", r#"failed to parse duration @every Xm: time: invalid duration "Xm""#),
        ("@every 0s", r#"failed to parse duration @every 0s: time: invalid duration "0s""#),
        ("@every", "unrecognized descriptor: @every"),
        ("@unrecognized", "unrecognized descriptor: @unrecognized"),
        ("TZ=No/Such * * * * *", "provided bad location No/Such: unknown time zone No/Such"),
        ("TZ=UTC", "provided bad location UTC: unknown time zone UTC"),
    ] {
        assert_eq!(schedule.parse::<Schedule>().unwrap_err().to_string(), expected, "{schedule}");
    }
}

fn field(min: u8, max: u8) -> impl Strategy<Value = String> {
    let range = prop_oneof![
        3 => Just("*".to_owned()),
        1 => Just("?".to_owned()),
        2 => (1..20u8).prop_map(|step| format!("*/{step}")),
        3 => (min..=max).prop_map(|value| value.to_string()),
        3 => (min..=max, min..=max).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        2 => (min..=max, min..=max, 1..9u8).prop_map(|(a, b, step)| format!("{}-{}/{step}", a.min(b), a.max(b))),
    ];
    prop::collection::vec(range, 1..3).prop_map(|ranges| ranges.join(","))
}

prop_compose! {
    fn any_schedule()(
        second in field(0, 59), minute in field(0, 59), hour in field(0, 23),
        day in field(1, 31), month in field(1, 12), weekday in field(0, 6),
    ) -> String {
        format!("{second} {minute} {hour} {day} {month} {weekday}")
    }
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    // Lord Howe moves by half an hour, Kathmandu is off by a quarter, Sao Paulo once skipped midnights.
    prop::sample::select(vec![
        "UTC",
        "America/New_York",
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
    ])
    .prop_map(|name| TimeZone::get(name).unwrap())
}

proptest! {
    /// The next time is later and due, and no second between is due.
    #[test]
    fn next_is_the_first_due_second_after(
        schedule in any_schedule(), zone in any_zone(), after in 1_500_000_000_000i64..1_800_000_000_000,
    ) {
        let schedule: Schedule = schedule.parse().unwrap();
        let Rule::Calendar(calendar) = &schedule.rule else { unreachable!() };
        let after = Timestamp::from_millisecond(after).unwrap();
        let found = schedule.next(after, &zone);
        if let Some(found) = found {
            prop_assert!(found > after);
            prop_assert!(calendar.matches(zone.to_datetime(found)));
        }
        let seconds = (1..3000).map(|second| Timestamp::from_second(after.as_second() + second).unwrap());
        let first = seconds.into_iter().find(|time| calendar.matches(zone.to_datetime(*time)));
        if first.is_some() || found.is_some_and(|found| found.as_second() < after.as_second() + 3000) {
            prop_assert_eq!(found, first);
        }
    }

    /// The same where clocks change, which random times seldom meet.
    #[test]
    fn next_is_the_first_due_second_around_a_change_of_clocks(
        schedule in any_schedule(), zone in any_zone(), near in 1_400_000_000i64..1_550_000_000, before in 0..9000i64,
    ) {
        let schedule: Schedule = schedule.parse().unwrap();
        let Rule::Calendar(calendar) = &schedule.rule else { unreachable!() };
        let near = Timestamp::from_second(near).unwrap();
        let change = zone.following(near).next().map_or(near, |change| change.timestamp());
        let after = change - before.seconds();
        let found = schedule.next(after, &zone);
        let seconds = (1..12_000).map(|second| after + second.seconds());
        let first = seconds.into_iter().find(|time| calendar.matches(zone.to_datetime(*time)));
        if first.is_some() {
            prop_assert_eq!(found, first);
        } else {
            prop_assert!(found.is_none_or(|found| found >= after + 12_000i64.seconds()));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(TZ=[A-Za-z/]{0,4} ?)?[-@*?/, 0-9a-zA-Zµ]{0,24}") {
        if let Ok(schedule) = text.parse::<Schedule>() {
            let now = Timestamp::from_second(1_700_000_000).unwrap();
            prop_assert!(schedule.next(now, &TimeZone::UTC).is_none_or(|next| next > now));
        }
    }
}
