//! What a broker has to do for any client: scenarios over the [`Peer`] interface.

use std::future::Future;

use crate::broker::Broker;
use crate::peer::{Opening, Peer, Received};
use crate::process::DEADLINE;
use crate::transport::Transport;

/// Every scenario over one transport.
pub async fn keeps_the_rules<P: Peer>(transport: Transport) {
    let broker = Broker::start();
    let open = |client_id| Opening::new(&broker, transport, client_id);
    within_deadline("each QoS", each_qos::<P>(open("receiver"), open("sender"))).await;
    within_deadline("retained", retained::<P>(open("receiver"), open("sender"))).await;
    within_deadline("will", will::<P>(open("watcher"), open("dying"))).await;
    within_deadline("resume", resume::<P>(open("keeper").persistent(), open("sender"))).await;
    broker.stop();
}

/// Runs something that has to end in time.
pub async fn within_deadline<T>(what: &str, work: impl Future<Output = T>) -> T {
    let Ok(done) = tokio::time::timeout(DEADLINE, work).await else {
        panic!("{what}: not within {DEADLINE:?}")
    };
    done
}

async fn each_qos<P: Peer>(receiver: Opening<'_>, sender: Opening<'_>) {
    let (mut receiver, mut sender) = (P::open(receiver).await, P::open(sender).await);
    for qos in 0..=2 {
        let topic = format!("qos/{qos}");
        receiver.subscribe(&topic, qos).await;
        let payloads: Vec<_> = (0..30).map(|n: usize| n.to_string().repeat(n)).collect();
        for payload in &payloads {
            sender.publish(&topic, payload, qos, false).await;
        }
        for payload in &payloads {
            assert_eq!(receiver.next().await, Received::new(&topic, payload, qos));
        }
    }
    sender.close().await;
    receiver.close().await;
}

async fn retained<P: Peer>(receiver: Opening<'_>, sender: Opening<'_>) {
    let mut sender = P::open(sender).await;
    sender.publish("retained/a", "kept", 1, true).await;
    let mut late = P::open(receiver).await;
    late.subscribe("retained/+", 1).await;
    assert_eq!(late.next().await, Received { retain: true, ..Received::new("retained/a", "kept", 1) });
    late.close().await;
    sender.publish("retained/a", "", 1, true).await;
    let mut later = P::open(receiver).await;
    later.subscribe("retained/+", 1).await;
    sender.publish("retained/a", "after", 1, false).await;
    assert_eq!(later.next().await, Received::new("retained/a", "after", 1));
    later.close().await;
    sender.close().await;
}

async fn will<P: Peer>(watcher: Opening<'_>, dying: Opening<'_>) {
    let mut watcher = P::open(watcher).await;
    watcher.subscribe("will/a", 2).await;
    for qos in 0..=2 {
        P::open(dying.with_will("will/a", "gone", qos)).await.cut().await;
        assert_eq!(watcher.next().await, Received::new("will/a", "gone", qos));
    }
    // Under a name of its own: a takeover that comes before the DISCONNECT is read would rightly send the will.
    let quiet = Opening { client_id: "quiet", ..dying };
    P::open(quiet.with_will("will/a", "never", 1)).await.close().await;
    P::open(dying.with_will("will/a", "last", 1)).await.cut().await;
    assert_eq!(watcher.next().await, Received::new("will/a", "last", 1));
    watcher.close().await;
}

async fn resume<P: Peer>(keeper: Opening<'_>, sender: Opening<'_>) {
    let mut first = P::open(keeper).await;
    assert!(!first.session_present());
    first.subscribe("resume/a", 2).await;
    first.close().await;
    let mut sender = P::open(sender).await;
    for n in 0..20 {
        sender.publish("resume/a", &n.to_string(), 2, false).await;
    }
    sender.close().await;
    let mut second = P::open(keeper).await;
    assert!(second.session_present());
    for n in 0..20 {
        assert_eq!(second.next().await, Received::new("resume/a", &n.to_string(), 2));
    }
    second.close().await;
}
