//! Numbers about a running server, for Prometheus. Every name and every label is here: labels take values from short lists only, so that
//! nobody can fill the memory of who collects them. Without a recorder (`TENURE_METRICS_LISTEN` is not set) all of this costs next to nothing.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const REQUESTS: &str = "tenure_http_requests_total";
const REQUEST_DURATION: &str = "tenure_http_request_duration_seconds";
const OPERATIONS: &str = "tenure_operations_total";
const OPERATION_DURATION: &str = "tenure_operation_duration_seconds";
const SOCKETS_CLOSED: &str = "tenure_websockets_closed_total";
const SIGN_INS: &str = "tenure_sign_ins_total";
const MAILS: &str = "tenure_mails_total";
const STATEMENTS: &str = "tenure_database_statements_total";
const POOL: &str = "tenure_database_connections";
const MEMORY: &str = "process_resident_memory_bytes";

/// Upper ends of the buckets of durations, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// Codes of errors that are told apart: those of requests. Codes of single mutations are user errors, and count as success here.
const CODES: [&str; 12] = [
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "OPERATION_RESOLUTION_FAILURE",
    "UNAUTHENTICATED",
    "FORBIDDEN",
    "COST_LIMIT_EXCEEDED",
    "RATE_LIMITED",
    "TIMEOUT",
    "SERVICE_UNAVAILABLE",
    "INTERNAL_SERVER_ERROR",
    "OK",
];

/// What there is a number of at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Connections, WebSockets and streams included.
    Connections,
    /// WebSockets.
    WebSockets,
    /// Answers that go on: server-sent events.
    Streams,
    /// Subscriptions under way, on whatever transport.
    Subscriptions,
    /// Operations that run.
    OperationsRunning,
    /// Operations that wait for a place among those that run.
    OperationsWaiting,
    /// Passwords that are hashed or compared.
    PasswordsRunning,
    /// Passwords that wait for that.
    PasswordsWaiting,
}

impl Level {
    const ALL: [Level; 8] = [
        Level::Connections,
        Level::WebSockets,
        Level::Streams,
        Level::Subscriptions,
        Level::OperationsRunning,
        Level::OperationsWaiting,
        Level::PasswordsRunning,
        Level::PasswordsWaiting,
    ];

    fn name(self) -> &'static str {
        match self {
            Level::Connections => "tenure_connections",
            Level::WebSockets => "tenure_websockets",
            Level::Streams => "tenure_streams",
            Level::Subscriptions => "tenure_subscriptions",
            Level::OperationsRunning => "tenure_operations_running",
            Level::OperationsWaiting => "tenure_operations_waiting",
            Level::PasswordsRunning => "tenure_passwords_running",
            Level::PasswordsWaiting => "tenure_passwords_waiting",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Level::Connections => "Connections that are open, WebSockets and streams included",
            Level::WebSockets => "WebSockets that are open",
            Level::Streams => "Streams of server-sent events that are open",
            Level::Subscriptions => "Subscriptions under way",
            Level::OperationsRunning => "Operations that run",
            Level::OperationsWaiting => "Operations that wait for a place among those that run",
            Level::PasswordsRunning => "Passwords that are hashed or compared",
            Level::PasswordsWaiting => "Passwords that wait to be hashed or compared",
        }
    }

    /// One more, until the guard is dropped.
    pub fn enter(self) -> Inside {
        gauge!(self.name()).increment(1.0);
        Inside(self)
    }
}

/// One of a number of things that are there at the moment.
#[derive(Debug)]
#[must_use = "it counts as long as this lives"]
pub struct Inside(Level);

impl Drop for Inside {
    fn drop(&mut self) {
        gauge!(self.0.name()).decrement(1.0);
    }
}

/// What became of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// Somebody is signed in.
    Succeeded,
    /// The password, or the address, was wrong.
    Refused,
    /// Too many wrong passwords lately: nothing was compared.
    Limited,
}

/// What became of sending a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// It was taken.
    Sent,
    /// It was not, and is tried again.
    Failed,
    /// It was not, and never will be.
    GivenUp,
}

/// A request was answered.
pub fn request(path: &'static str, method: &'static str, status: u16, took: Duration) {
    counter!(REQUESTS, "path" => path, "method" => method, "status" => status.to_string()).increment(1);
    histogram!(REQUEST_DURATION, "path" => path).record(took);
}

/// An operation was answered, or not let in, or is over; `transport` is `http`, `sse` or `websocket`.
pub fn operation(transport: &'static str, kind: Option<&'static str>, code: Option<&str>, took: Duration) {
    let kind = kind.unwrap_or("unknown");
    let code = code.map_or("OK", |code| CODES.into_iter().find(|known| *known == code).unwrap_or("other"));
    counter!(OPERATIONS, "transport" => transport, "kind" => kind, "code" => code).increment(1);
    histogram!(OPERATION_DURATION, "transport" => transport, "kind" => kind).record(took);
}

/// A WebSocket is closed: by us, with that code, or by the other side.
pub fn socket_closed(code: Option<u16>) {
    counter!(SOCKETS_CLOSED, "code" => code.map_or("peer".to_owned(), |code| code.to_string())).increment(1);
}

/// Somebody tried to sign in.
pub fn sign_in(outcome: SignIn) {
    let outcome = match outcome {
        SignIn::Succeeded => "succeeded",
        SignIn::Refused => "refused",
        SignIn::Limited => "limited",
    };
    counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

/// A mail was sent, or not.
pub fn mail(outcome: Mail) {
    let outcome = match outcome {
        Mail::Sent => "sent",
        Mail::Failed => "failed",
        Mail::GivenUp => "given_up",
    };
    counter!(MAILS, "outcome" => outcome).increment(1);
}

/// What a database says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Database {
    /// Statements that were run so far.
    pub statements: u64,
    /// Connections that are in use.
    pub busy: u32,
    /// Connections that wait for work.
    pub idle: u32,
}

type Look = Box<dyn Fn() -> Database + Send>;

/// Who is asked about the database when somebody collects the numbers.
static DATABASE: Mutex<Option<Look>> = Mutex::new(None);

/// Has the database asked with each collection; the last one counts.
pub fn watch_database(look: impl Fn() -> Database + Send + 'static) {
    *DATABASE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(look));
}

/// Collects the numbers of this process.
#[derive(Debug, Clone)]
pub struct Recorder(PrometheusHandle);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

impl Recorder {
    /// The one of this process; None when somebody else has put another in its place.
    pub fn of_process() -> Option<Recorder> {
        RECORDER.get_or_init(install).clone().map(Recorder)
    }

    /// All numbers, in the text format of Prometheus.
    pub fn text(&self) -> String {
        if let Some(look) = &*DATABASE.lock().unwrap_or_else(PoisonError::into_inner) {
            let Database { statements, busy, idle } = look();
            counter!(STATEMENTS).absolute(statements);
            gauge!(POOL, "state" => "busy").set(busy);
            gauge!(POOL, "state" => "idle").set(idle);
        }
        if let Some(bytes) = resident_memory() {
            gauge!(MEMORY).set(bytes);
        }
        self.0.render()
    }

    /// Sorts what was recorded into its buckets; to be called every few seconds, lest it pile up while nobody collects.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

fn install() -> Option<PrometheusHandle> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_duration_seconds".into()), &BUCKETS).ok()?;
    let handle = builder.install_recorder().map_err(|error| tracing::warn!(%error, "no numbers are collected")).ok()?;
    describe_counter!(REQUESTS, "Requests that were answered");
    describe_histogram!(REQUEST_DURATION, Unit::Seconds, "How long requests took");
    describe_counter!(OPERATIONS, "Operations that were answered or refused");
    describe_histogram!(OPERATION_DURATION, Unit::Seconds, "How long operations took; subscriptions, how long they went on");
    describe_counter!(SOCKETS_CLOSED, "WebSockets that were closed, by our code, or by the peer");
    describe_counter!(SIGN_INS, "Attempts to sign in");
    describe_counter!(MAILS, "Mails that were handed in, or could not be");
    describe_counter!(STATEMENTS, "Statements that were run on the database");
    describe_gauge!(POOL, "Connections to the database");
    describe_gauge!(MEMORY, Unit::Bytes, "Memory that the process has");
    for level in Level::ALL {
        describe_gauge!(level.name(), level.description());
        // Zero is a number, too.
        gauge!(level.name()).increment(0.0);
    }
    Some(handle)
}

/// What the system says; None where it does not.
fn resident_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_take_values_from_short_lists() {
        let recorder = Recorder::of_process().expect("the only one");
        operation("http", Some("query"), Some("SOMETHING_ELSE"), Duration::from_millis(3));
        operation("http", None, Some("TIMEOUT"), Duration::from_secs(11));
        let inside = Level::WebSockets.enter();
        sign_in(SignIn::Refused);
        mail(Mail::GivenUp);
        watch_database(|| Database { statements: 7, busy: 1, idle: 2 });
        let text = recorder.text();
        for line in [
            "tenure_operations_total{transport=\"http\",kind=\"query\",code=\"other\"} 1",
            "tenure_operations_total{transport=\"http\",kind=\"unknown\",code=\"TIMEOUT\"} 1",
            "tenure_operation_duration_seconds_bucket{transport=\"http\",kind=\"unknown\",le=\"10\"} 0",
            "tenure_operation_duration_seconds_bucket{transport=\"http\",kind=\"unknown\",le=\"20\"} 1",
            "tenure_websockets 1",
            "tenure_streams 0",
            "tenure_sign_ins_total{outcome=\"refused\"} 1",
            "tenure_mails_total{outcome=\"given_up\"} 1",
            "tenure_database_statements_total 7",
            "tenure_database_connections{state=\"idle\"} 2",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        drop(inside);
        assert!(recorder.text().lines().any(|l| l == "tenure_websockets 0"));
    }
}
