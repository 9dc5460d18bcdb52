//! Scenarios that the broker has to pass with any client library, written against the [`TestClient`] trait.

use std::future::Future;

use crate::broker::Broker;
use crate::process::EVENT_TIMEOUT;
use crate::test_client::{ClientSetup, Received, TestClient};
use crate::transport::Transport;

/// Runs every scenario over one transport. Panics if a scenario fails.
pub async fn run_all_scenarios<C: TestClient>(transport: Transport) {
    let broker = Broker::start();
    let client = |client_id| ClientSetup::new(&broker, transport, client_id);
    within_deadline("the QoS scenario", run_qos_scenario::<C>(client("receiver"), client("sender"))).await;
    within_deadline(
        "the retained message scenario",
        run_retained_scenario::<C>(client("receiver"), client("sender")),
    )
    .await;
    within_deadline("the will scenario", run_will_scenario::<C>(client("watcher"), client("aborting"))).await;
    within_deadline(
        "the session scenario",
        run_resume_scenario::<C>(client("persistent").persistent(), client("sender")),
    )
    .await;
    broker.stop();
}

/// Awaits `work` and returns its result. Panics if `work` does not complete within [`EVENT_TIMEOUT`]; the panic message
/// is "timed out waiting for" with `awaited`.
pub async fn within_deadline<T>(awaited: &str, work: impl Future<Output = T>) -> T {
    let Ok(done) = tokio::time::timeout(EVENT_TIMEOUT, work).await else {
        panic!("timed out after {EVENT_TIMEOUT:?} waiting for {awaited}")
    };
    done
}

async fn run_qos_scenario<C: TestClient>(receiver: ClientSetup<'_>, sender: ClientSetup<'_>) {
    let (mut receiver, mut sender) = (C::connect(receiver).await, C::connect(sender).await);
    for qos in 0..=2 {
        let topic = format!("qos/{qos}");
        receiver.subscribe(&topic, qos).await;
        let payloads: Vec<_> = (0..30).map(|n: usize| n.to_string().repeat(n)).collect();
        for payload in &payloads {
            sender.publish(&topic, payload, qos, false).await;
        }
        for payload in &payloads {
            assert_eq!(receiver.next_message().await, Received::new(&topic, payload, qos));
        }
    }
    sender.disconnect().await;
    receiver.disconnect().await;
}

async fn run_retained_scenario<C: TestClient>(receiver: ClientSetup<'_>, sender: ClientSetup<'_>) {
    let mut sender = C::connect(sender).await;
    sender.publish("retained/a", "kept", 1, true).await;
    let mut late = C::connect(receiver).await;
    late.subscribe("retained/+", 1).await;
    assert_eq!(
        late.next_message().await,
        Received { retain: true, ..Received::new("retained/a", "kept", 1) }
    );
    late.disconnect().await;
    sender.publish("retained/a", "", 1, true).await;
    let mut later = C::connect(receiver).await;
    later.subscribe("retained/+", 1).await;
    sender.publish("retained/a", "after", 1, false).await;
    assert_eq!(later.next_message().await, Received::new("retained/a", "after", 1));
    later.disconnect().await;
    sender.disconnect().await;
}

async fn run_will_scenario<C: TestClient>(watcher: ClientSetup<'_>, aborting: ClientSetup<'_>) {
    let mut watcher = C::connect(watcher).await;
    watcher.subscribe("will/a", 2).await;
    for qos in 0..=2 {
        C::connect(aborting.with_will("will/a", "gone", qos)).await.abort().await;
        assert_eq!(watcher.next_message().await, Received::new("will/a", "gone", qos));
    }
    // The client that disconnects normally has a separate client identifier. If the next connection used the same one,
    // it could take over the session before the broker reads DISCONNECT, and the broker would rightly publish the will.
    let orderly = ClientSetup { client_id: "orderly", ..aborting };
    C::connect(orderly.with_will("will/a", "never", 1)).await.disconnect().await;
    C::connect(aborting.with_will("will/a", "last", 1)).await.abort().await;
    assert_eq!(watcher.next_message().await, Received::new("will/a", "last", 1));
    watcher.disconnect().await;
}

async fn run_resume_scenario<C: TestClient>(persistent: ClientSetup<'_>, sender: ClientSetup<'_>) {
    let mut first = C::connect(persistent).await;
    assert!(!first.session_present());
    first.subscribe("resume/a", 2).await;
    first.disconnect().await;
    let mut sender = C::connect(sender).await;
    for n in 0..20 {
        sender.publish("resume/a", &n.to_string(), 2, false).await;
    }
    sender.disconnect().await;
    let mut second = C::connect(persistent).await;
    assert!(second.session_present());
    for n in 0..20 {
        assert_eq!(second.next_message().await, Received::new("resume/a", &n.to_string(), 2));
    }
    second.disconnect().await;
}
