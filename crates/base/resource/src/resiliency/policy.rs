//! The policies that targets refer to by name.

use std::collections::BTreeMap;
use std::time::Duration;

/// Policies by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// How long an attempt may take; zero or less means that there is no limit, and becomes zero here.
    pub timeouts: BTreeMap<String, Duration>,
    /// How often and after which wait to try again.
    pub retries: BTreeMap<String, Retry>,
    /// When to stop trying for a while.
    pub circuit_breakers: BTreeMap<String, CircuitBreaker>,
}

/// How often and after which wait to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How the waits grow.
    pub backoff: RetryBackoff,
    /// The wait between attempts of a constant policy; 5 seconds when absent.
    pub duration: Duration,
    /// The longest wait of an exponential policy; 60 seconds when absent.
    pub max_interval: Duration,
    /// How often to try again; `None` means without end.
    pub max_retries: Option<u64>,
    /// Which failures are tried again.
    pub matching: RetryMatching,
}

impl Retry {
    /// The wait of a constant policy that states none.
    pub const DEFAULT_DURATION: Duration = Duration::from_secs(5);
    /// The first wait of an exponential policy, before it is spread.
    pub const INITIAL_INTERVAL: Duration = Duration::from_millis(500);
    /// The factor by which the waits of an exponential policy grow.
    pub const MULTIPLIER: f64 = 1.5;
    /// Every wait of an exponential policy is spread at random by this share to either side.
    pub const RANDOMIZATION_FACTOR: f64 = 0.5;
    /// The longest wait of an exponential policy that states none.
    pub const DEFAULT_MAX_INTERVAL: Duration = Duration::from_mins(1);
    /// An exponential policy gives up after this time altogether.
    pub const MAX_ELAPSED_TIME: Duration = Duration::from_mins(15);
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            backoff: RetryBackoff::Constant,
            duration: Self::DEFAULT_DURATION,
            max_interval: Self::DEFAULT_MAX_INTERVAL,
            max_retries: None,
            matching: RetryMatching::default(),
        }
    }
}

/// How the waits of a retry policy grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RetryBackoff {
    /// Not at all.
    #[default]
    Constant,
    /// By a factor, spread at random.
    Exponential,
}

/// Which status codes are tried again; `None` means every failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryMatching {
    /// HTTP status codes.
    pub http: Option<Vec<CodeRange>>,
    /// gRPC status codes.
    pub grpc: Option<Vec<CodeRange>>,
}

impl RetryMatching {
    /// Whether a failure with this HTTP status is tried again.
    pub fn retries_http(&self, status: u16) -> bool {
        matches(self.http.as_deref(), status)
    }

    /// Whether a failure with this gRPC code is tried again.
    pub fn retries_grpc(&self, code: u16) -> bool {
        matches(self.grpc.as_deref(), code)
    }
}

fn matches(ranges: Option<&[CodeRange]>, code: u16) -> bool {
    ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(code)))
}

/// Status codes from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeRange {
    /// The first code.
    pub first: u16,
    /// The last code.
    pub last: u16,
}

impl CodeRange {
    /// Whether the code is one of them.
    pub fn contains(self, code: u16) -> bool {
        (self.first..=self.last).contains(&code)
    }
}

/// When to stop trying for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// How many calls a half-open breaker lets through; zero means one.
    pub max_requests: u32,
    /// After which time a closed breaker forgets its counts; zero means never.
    pub interval: Duration,
    /// How long a breaker stays open; zero means 60 seconds.
    pub timeout: Duration,
    /// A CEL expression over `requests`, `totalSuccesses`, `totalFailures`, `consecutiveSuccesses` and
    /// `consecutiveFailures`; `None` means `consecutiveFailures > 5`.
    pub trip: Option<String>,
}

/// What a circuit breaker of an actor type is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerScope {
    /// The type.
    Type,
    /// Each actor.
    Id,
    /// Both.
    Both,
}

/// The retries that a sidecar has without any file. A policy of the same name replaces one, except
/// [`BuiltInRetry::ActorNotFound`], and never with fewer than [`BuiltInRetry::LEAST_RETRIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltInRetry {
    /// Service invocation.
    Service,
    /// Calls to actors.
    Actor,
    /// Operations on reminders.
    ActorReminder,
    /// The start of components.
    Initialization,
    /// Actors whose host is not known yet.
    ActorNotFound,
}

impl BuiltInRetry {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Service, Self::Actor, Self::ActorReminder, Self::Initialization, Self::ActorNotFound];

    /// What a smaller `maxRetries` is raised to.
    pub const LEAST_RETRIES: u64 = 3;

    /// The name of the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service => "DaprBuiltInServiceRetries",
            Self::Actor => "DaprBuiltInActorRetries",
            Self::ActorReminder => "DaprBuiltInActorReminderRetries",
            Self::Initialization => "DaprBuiltInInitializationRetries",
            Self::ActorNotFound => "DaprBuiltInActorNotFoundRetries",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}
