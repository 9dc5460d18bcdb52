//! Runs the tests, many at once, each as a task of its own whose panic is its failure.

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

/// One test in one version over one transport.
pub(crate) struct TestRun {
    pub(crate) case: &'static Case,
    pub(crate) version: Version,
    pub(crate) transport: Transport,
    harness: Harness,
}

/// How it ended: the failure in words, if it failed.
pub(crate) struct Outcome {
    pub(crate) case: &'static Case,
    pub(crate) version: Version,
    pub(crate) transport: Transport,
    pub(crate) failure: Option<String>,
}

impl Outcome {
    /// Its name in the output.
    pub(crate) fn title(&self) -> String {
        let ids: Vec<_> = self.case.ids(self.version).collect();
        format!("{} {} ({})", self.case.path(), self.transport.name(), ids.join(" "))
    }
}

/// Every run of the cases that the target can serve.
pub(crate) fn plan(cases: &[&'static Case], target: &Target, transport: Option<Transport>) -> Vec<TestRun> {
    let mut runs = Vec::new();
    for case in cases {
        for endpoint in target.endpoints(case.broker_config) {
            if transport.is_some_and(|only| only != endpoint.transport) {
                continue;
            }
            for version in case.versions() {
                // Of this process, so that a broker that outlives it does not mix two runs up.
                let prefix = format!("c{:x}n{}x", std::process::id() & 0xFFFF, runs.len());
                let transport = endpoint.transport;
                let harness = Harness::new(version, Arc::clone(&endpoint), prefix);
                runs.push(TestRun { case, version, transport, harness });
            }
        }
    }
    runs
}

/// Runs them all, `jobs` at a time, in the order of the plan.
pub(crate) async fn run(plan: Vec<TestRun>, jobs: usize) -> Vec<Outcome> {
    let permits = Arc::new(Semaphore::new(jobs));
    let mut tasks = JoinSet::new();
    let mut running = HashMap::new();
    for (index, run) in plan.into_iter().enumerate() {
        let TestRun { case, version, transport, harness } = run;
        let transcript = harness.transcript.clone();
        let permits = Arc::clone(&permits);
        let handle = tasks.spawn(async move {
            let _permit = permits.acquire_owned().await;
            timeout(DEADLINE, (case.run)(harness)).await.is_ok()
        });
        running.insert(handle.id(), (index, case, version, transport, transcript));
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (id, failure) = match ended {
            Ok((id, true)) => (id, None),
            Ok((id, false)) => (id, Some(format!("not done within {DEADLINE:?}"))),
            Err(error) => (error.id(), Some(take_panic_message(error.id()))),
        };
        let (index, case, version, transport, transcript) =
            running.remove(&id).expect("a task that was started");
        let failure = failure.map(|text| with_transcript(&text, &transcript));
        outcomes.push((index, Outcome { case, version, transport, failure }));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Has the words of a task's panic kept for its outcome, rather than printed among those of others.
pub(crate) fn capture_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| match task::try_id() {
        Some(id) => {
            let text = info.payload_as_str().unwrap_or("a panic without words");
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            panics.get_or_insert_default().insert(id, format!("{text}\n      at {place}"));
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

/// How long one test may take.
const DEADLINE: Duration = Duration::from_secs(90);
