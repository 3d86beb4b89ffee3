//! Any text as a schedule, and when it is due after any time. Run with
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run schedule` in `crates/component/cron`.

#![no_main]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use tender_cron::Schedule;

fuzz_target!(|input: (i64, &str)| {
    let (after, text) = input;
    match text.parse::<Schedule>() {
        Ok(schedule) => {
            if let Ok(after) = Timestamp::from_millisecond(after)
                && let Some(next) = schedule.next(after, &TimeZone::UTC)
            {
                assert!(next > after);
            }
        }
        Err(error) => drop(error.to_string()),
    }
});
