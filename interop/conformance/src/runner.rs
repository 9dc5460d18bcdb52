//! Runs many tests concurrently, each in its own task. A test fails when its task panics or takes too long.

use std::collections::HashMap;
use std::panic;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tidegate_interop::transport::Transport;
use tokio::sync::Semaphore;
use tokio::task::{self, JoinSet};
use tokio::time::timeout;

use crate::case::Case;
use crate::harness::Harness;
use crate::target::Target;
use crate::transcript::Transcript;
use crate::wire::Version;

/// One run of a test: in one protocol version, over one transport.
pub(crate) struct TestRun {
    pub(crate) case: &'static Case,
    pub(crate) version: Version,
    pub(crate) transport: Transport,
    harness: Harness,
}

/// The outcome of one run of a test. `failure` describes the failure, or is `None` if the run passed.
pub(crate) struct Outcome {
    pub(crate) case: &'static Case,
    pub(crate) version: Version,
    pub(crate) transport: Transport,
    pub(crate) failure: Option<String>,
}

impl Outcome {
    /// Returns the name of the run for the output: the test, the transport and the covered statements.
    pub(crate) fn title(&self) -> String {
        let ids: Vec<_> = self.case.ids(self.version).collect();
        format!("{} {} ({})", self.case.path(), self.transport.name(), ids.join(" "))
    }
}

/// Returns every run of the tests that the target supports, over `transport` alone if it is given.
pub(crate) fn plan(cases: &[&'static Case], target: &Target, transport: Option<Transport>) -> Vec<TestRun> {
    let mut runs = Vec::new();
    for case in cases {
        for endpoint in target.endpoints(case.broker_config) {
            if transport.is_some_and(|only| only != endpoint.transport) {
                continue;
            }
            for version in case.versions() {
                // The prefix contains the process id, so that two executions against the same external broker use
                // different names.
                let prefix = format!("c{:x}n{}x", std::process::id() & 0xFFFF, runs.len());
                let transport = endpoint.transport;
                let harness = Harness::new(version, Arc::clone(&endpoint), prefix);
                runs.push(TestRun { case, version, transport, harness });
            }
        }
    }
    runs
}

/// Executes all runs of the plan, at most `jobs` at the same time. Returns the outcomes in the order of the plan.
pub(crate) async fn run(plan: Vec<TestRun>, jobs: usize) -> Vec<Outcome> {
    let permits = Arc::new(Semaphore::new(jobs));
    let mut tasks = JoinSet::new();
    let mut runs_by_task = HashMap::new();
    for (index, run) in plan.into_iter().enumerate() {
        let TestRun { case, version, transport, harness } = run;
        let transcript = harness.transcript.clone();
        let permits = Arc::clone(&permits);
        let handle = tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            timeout(RUN_DURATION_MAX, (case.run)(harness)).await.is_ok()
        });
        runs_by_task.insert(handle.id(), (index, case, version, transport, transcript));
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, failure) = match ended {
            Ok((id, true)) => (id, None),
            Ok((id, false)) => (id, Some(format!("timed out after {RUN_DURATION_MAX:?}"))),
            Err(error) => (error.id(), Some(take_panic_message(error.id()))),
        };
        let (index, case, version, transport, transcript) =
            runs_by_task.remove(&id).expect("a task of this plan");
        let failure = failure.map(|text| with_transcript(&text, &transcript));
        outcomes.push((index, Outcome { case, version, transport, failure }));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Installs a panic hook that stores the message of a panicking task for the outcome of its run. Without the hook, the
/// message would be printed among the output of other tests.
pub(crate) fn capture_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| match task::try_id() {
        Some(id) => {
            let text = info.payload_as_str().unwrap_or("panicked without a message");
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.get_or_insert_default().insert(id, format!("{text}\n      at {location}"));
        }
        None => print(info),
    }));
}

fn take_panic_message(id: task::Id) -> String {
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    panics.get_or_insert_default().remove(&id).unwrap_or_default()
}

fn with_transcript(text: &str, transcript: &Transcript) -> String {
    format!("{text}\n      {}", transcript.tail())
}

static PANICS: Mutex<Option<HashMap<task::Id, String>>> = Mutex::new(None);

/// The time that one run of a test may take.
const RUN_DURATION_MAX: Duration = Duration::from_secs(90);
