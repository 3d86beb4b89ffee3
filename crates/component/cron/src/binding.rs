//! `bindings.cron`: an event whenever a schedule is due.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tender_component::binding::{Event, EventHandler, InputBinding};
use tender_component::metadata::{Metadata, MetadataFields};
use tender_component::{Error, Subscription};
use tender_tasks::{TaskKind, Tasks};
use tokio_util::sync::CancellationToken;

use crate::parse::ParseError;
use crate::schedule::Schedule;
use crate::zone::LocalZone;

tender_component::metadata_fields! {
    /// When events come.
    pub(crate) struct Config {
        /// Five or six cron fields, `@daily` and the like, or `@every` with a duration.
        schedule: String, "schedule", required;
    }
}

/// How long to sleep at most before the clock is looked at again, so that a clock that was set is noticed.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// A schedule and who keeps its time.
pub(crate) struct CronBinding {
    ticker: Ticker,
    tasks: Tasks,
}

#[derive(Clone)]
struct Ticker {
    name: String,
    schedule: Schedule,
    local: LocalZone,
    clock: fn() -> Timestamp,
}

impl CronBinding {
    pub(crate) fn open(metadata: &Metadata, tasks: Tasks) -> Result<Self, Error> {
        Self::with_clock(metadata, tasks, LocalZone::of_process(), Timestamp::now)
    }

    fn with_clock(
        metadata: &Metadata,
        tasks: Tasks,
        local: LocalZone,
        clock: fn() -> Timestamp,
    ) -> Result<Self, Error> {
        if metadata.get("schedule").is_none_or(str::is_empty) {
            return Err(Error::config("schedule not set"));
        }
        let text = Config::decode(metadata)?.schedule;
        let schedule = text.parse().map_err(|error: ParseError| {
            Error::config(format!("invalid schedule format '{text}'")).with_source(error)
        })?;
        Ok(Self { ticker: Ticker { name: metadata.component.clone(), schedule, local, clock }, tasks })
    }
}

impl Ticker {
    /// Delivers each tick, one after another. A tick that falls due while the one before is being handled comes right
    /// after it; of several such ticks, one comes.
    async fn run(self, handler: Arc<dyn EventHandler>, stopped: CancellationToken) {
        let mut last = (self.clock)();
        while let Some(due) = self.schedule.next(last, &self.local.zone) {
            tokio::select! {
                biased;
                () = stopped.cancelled() => return,
                () = self.sleep_until(due) => {}
            }
            last = (self.clock)();
            tracing::debug!(target: "dapr.contrib", "name: {}, schedule fired: {last}", self.name);
            if let Err(error) = handler.handle(self.event(last)).await {
                // The next tick is the retry, as with the peer.
                tracing::debug!(target: "dapr.contrib", "name: {}, tick not handled: {error}", self.name);
            }
        }
        tracing::warn!(target: "dapr.contrib", "name: {}, the schedule is never due", self.name);
        stopped.cancelled().await;
    }

    async fn sleep_until(&self, due: Timestamp) {
        while let Ok(left) = Duration::try_from(due.duration_since((self.clock)()))
            && !left.is_zero()
        {
            tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
        }
    }

    fn event(&self, now: Timestamp) -> Event {
        Event {
            metadata: HashMap::from([
                ("timeZone".to_owned(), self.local.name.clone()),
                ("readTimeUTC".to_owned(), now.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string()),
            ]),
            ..Event::default()
        }
    }
}

#[async_trait]
impl InputBinding for CronBinding {
    async fn read(&self, handler: Arc<dyn EventHandler>) -> Result<Subscription, Error> {
        let tasks = self.tasks.child();
        let stopped = tasks.token();
        tasks.spawn(TaskKind::Essential, "cron schedule", self.ticker.clone().run(handler, stopped));
        Ok(Subscription::new(tasks))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use bytes::Bytes;
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    use super::*;

    thread_local! {
        static START: Cell<Option<(Instant, Timestamp)>> = const { Cell::new(None) };
    }

    /// A clock that begins at 2024-02-29T23:59:50.25Z and runs with tokio's paused time.
    fn clock() -> Timestamp {
        let (start, epoch) = START.get().unwrap_or_else(|| {
            let start = (Instant::now(), "2024-02-29T23:59:50.25Z".parse().unwrap());
            START.set(Some(start));
            start
        });
        epoch + start.elapsed()
    }

    struct Recorder {
        events: mpsc::Sender<Event>,
        takes: Duration,
    }

    #[async_trait]
    impl EventHandler for Recorder {
        async fn handle(&self, event: Event) -> Result<Option<Bytes>, Error> {
            self.events.send(event).await.unwrap();
            tokio::time::sleep(self.takes).await;
            Err(Error::failed("the app is not there"))
        }
    }

    async fn read(schedule: &str, takes: Duration) -> (Subscription, mpsc::Receiver<Event>) {
        let metadata = Metadata::new("tick", [("schedule", schedule)]);
        let local = LocalZone { zone: jiff::tz::TimeZone::UTC, name: "Local".to_owned() };
        let binding = CronBinding::with_clock(&metadata, Tasks::new(), local, clock).unwrap();
        let (events, received) = mpsc::channel(16);
        (binding.read(Arc::new(Recorder { events, takes })).await.unwrap(), received)
    }

    async fn times(events: &mut mpsc::Receiver<Event>, count: usize) -> Vec<String> {
        let mut times = Vec::new();
        for _ in 0..count {
            times.push(events.recv().await.unwrap().metadata.remove("readTimeUTC").unwrap());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_has_no_data_and_says_when_and_where() {
        let (subscription, mut events) = read("0 0 1 3 *", Duration::ZERO).await;
        let event = events.recv().await.unwrap();
        assert!(event.data.is_empty());
        assert_eq!(event.metadata.get("timeZone").map(String::as_str), Some("Local"));
        assert_eq!(
            event.metadata.get("readTimeUTC").map(String::as_str),
            Some("2024-03-01 00:00:00 +0000 UTC")
        );
        assert!(subscription.close(Duration::from_secs(1)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn every_counts_from_the_tick_before_and_failures_do_not_end_it() {
        let (_subscription, mut events) = read("@every 1.5s", Duration::ZERO).await;
        assert_eq!(
            times(&mut events, 2).await,
            ["2024-02-29 23:59:51.75 +0000 UTC", "2024-02-29 23:59:53.25 +0000 UTC"]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_missed_by_a_slow_app_come_once() {
        let (_subscription, mut events) = read("*/2 * * * * *", Duration::from_secs(7)).await;
        assert_eq!(
            times(&mut events, 3).await,
            [
                "2024-02-29 23:59:52 +0000 UTC",
                "2024-02-29 23:59:59 +0000 UTC",
                "2024-03-01 00:00:06 +0000 UTC"
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn closing_lets_a_tick_in_hand_finish_and_sends_no_other() {
        let (subscription, mut events) = read("@every 1s", Duration::from_secs(3)).await;
        events.recv().await.unwrap();
        assert!(subscription.close(Duration::from_secs(5)).await);
        assert!(events.recv().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_schedule_that_is_never_due_waits_to_be_closed() {
        let (subscription, mut events) = read("0 0 30 2 *", Duration::ZERO).await;
        assert!(tokio::time::timeout(Duration::from_hours(1), events.recv()).await.is_err());
        assert!(subscription.close(Duration::from_secs(1)).await);
    }

    #[test]
    fn wrong_schedules_are_refused_in_the_peers_words() {
        let open = |items: &[(&str, &str)]| {
            let opened = CronBinding::open(&Metadata::new("tick", items.iter().copied()), Tasks::new());
            opened.err().expect("must fail").to_string()
        };
        assert_eq!(open(&[]), "schedule not set");
        assert_eq!(
            open(&[("schedule", "* * *")]),
            "invalid schedule format '* * *': expected 5 to 6 fields, found 3: [* * *]"
        );
    }
}
