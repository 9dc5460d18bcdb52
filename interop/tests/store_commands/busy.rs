//! Tests snapshots of a busy broker: each snapshot is consistent and contains every message that was acknowledged
//! before the command started.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use tidegate_client::{Client, Event, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::Publish;
use tidegate_persistence::{Item, ReadOnly};

use crate::command::{create_session, persistent_client, run_successfully, start_broker};

/// Number of snapshots that the test takes.
const SNAPSHOT_COUNT: usize = 6;
/// Number of messages that have to be acknowledged between two snapshots.
const ACKNOWLEDGEMENTS_PER_SNAPSHOT: usize = 500;
/// Maximum number of messages that the publisher sends. This number is lower than the default limit of a session's
/// queue.
const MESSAGES_MAX: u32 = 80_000;
const TOPIC_COUNT: u32 = 20;

/// The numbers of the acknowledged messages, and a flag that stops the publisher.
#[derive(Default)]
struct Traffic {
    acknowledged: RefCell<BTreeSet<u32>>,
    is_finished: Cell<bool>,
}

#[tokio::test(flavor = "current_thread")]
async fn snapshots_hold_every_acknowledged_message_with_durability_always() {
    assert_snapshots_hold_acknowledged_messages("always").await;
}

#[tokio::test(flavor = "current_thread")]
async fn snapshots_hold_every_acknowledged_message_with_durability_interval() {
    assert_snapshots_hold_acknowledged_messages("interval").await;
}

async fn assert_snapshots_hold_acknowledged_messages(durability: &str) {
    let broker = start_broker(durability);
    let session_state = create_session(&broker).await;
    let traffic = Traffic::default();
    let (data, folder) = (broker.file("data"), broker.file(""));
    let rounds = async {
        let mut last = (PathBuf::new(), BTreeSet::new());
        for round in 0..SNAPSHOT_COUNT {
            last = take_snapshot(&traffic, &data, &folder, round).await;
        }
        traffic.is_finished.set(true);
        last
    };
    let work = async { tokio::join!(publish(&broker, &traffic), rounds) };
    let ((), (file, acknowledged)) = within_deadline("the snapshots", work).await;
    within_deadline("the restored store", restore_elsewhere(durability, &file, &acknowledged, session_state))
        .await;
    broker.stop();
}

/// Takes a snapshot and checks it. Returns the path of the snapshot, and the numbers of the messages that had been
/// acknowledged before.
async fn take_snapshot(
    traffic: &Traffic,
    data: &Path,
    folder: &Path,
    round: usize,
) -> (PathBuf, BTreeSet<u32>) {
    while traffic.acknowledged.borrow().len() < (round + 1) * ACKNOWLEDGEMENTS_PER_SNAPSHOT {
        tokio::task::yield_now().await;
    }
    let acknowledged = traffic.acknowledged.borrow().clone();
    let file = folder.join(format!("snapshot-{round}"));
    let (data, snapshot) = (data.to_owned(), file.clone());
    let output = tokio::task::spawn_blocking(move || {
        let output = run_successfully(&["snapshot"], &[("", &snapshot), ("--data", &data)]);
        let checked = run_successfully(&["store", "check"], &[("--data", &data)]);
        assert!(checked.contains(": OK, "), "check of a running broker's store: {checked}");
        output + &run_successfully(&["store", "check"], &[("--file", &snapshot)])
    })
    .await
    .expect("the commands");
    assert!(output.contains(" records, ") && output.contains(": OK, "), "{output}");
    check_snapshot(&file, &acknowledged);
    (file, acknowledged)
}

/// Publishes retained messages until the last snapshot has been taken.
async fn publish(broker: &Broker, traffic: &Traffic) {
    let mut client =
        Client::connect(&persistent_client(broker, "publisher"), State::default()).await.expect("CONNACK");
    let mut numbers = HashMap::new();
    for number in 0..MESSAGES_MAX {
        if traffic.is_finished.get() {
            break;
        }
        let topic = format!("busy/{}", number % TOPIC_COUNT);
        let retained = Publish { retain: true, ..message(&topic, &number.to_string(), 1) };
        let id = client.publish(retained).await.expect("an open connection").expect("a packet id");
        numbers.insert(id, number);
        while let Some(event) = client.take_event() {
            if let Event::Acknowledged(done) = event {
                traffic.acknowledged.borrow_mut().extend(numbers.remove(&done.packet_id));
            }
        }
        tokio::task::yield_now().await;
    }
    client.finish_exchanges().await.expect("all acknowledgements");
    let _ = client.drop_without_disconnect();
}

/// Checks that every acknowledged message is queued in the snapshot, and that the retained message of each topic is the
/// last acknowledged message or a newer one.
fn check_snapshot(file: &Path, acknowledged: &BTreeSet<u32>) {
    let number =
        |payload: &[u8]| std::str::from_utf8(payload).expect("digits").parse::<u32>().expect("a number");
    let (mut queued, mut retained) = (BTreeSet::new(), BTreeMap::new());
    let mut snapshot = ReadOnly::open_snapshot(file).expect("a snapshot");
    let loaded = snapshot.load(&mut |item, _| match item {
        Item::Message(_, record) => {
            queued.insert(number(record.payload));
        }
        Item::Retained { message, .. } => {
            retained.insert(message.topic.to_owned(), number(message.payload));
        }
        _ => {}
    });
    loaded.expect("every record");
    let missing: Vec<_> = acknowledged.difference(&queued).collect();
    assert!(missing.is_empty(), "acknowledged, but not in the snapshot: {missing:?}");
    for number in acknowledged {
        let topic = format!("busy/{}", number % TOPIC_COUNT);
        assert!(
            retained.get(&topic) >= Some(number),
            "{topic}: retained {:?}, expected at least {number}",
            retained.get(&topic)
        );
    }
}

/// Restores the snapshot into the store of another broker, and checks that this broker delivers the queued and the
/// retained messages.
async fn restore_elsewhere(
    durability: &str,
    file: &Path,
    acknowledged: &BTreeSet<u32>,
    session_state: State,
) {
    let mut other = start_broker(durability);
    other.kill();
    let output = run_successfully(&["restore", "--replace"], &[("", file), ("--data", &other.file("data"))]);
    assert!(output.contains("the former store is ") && output.contains("data.mdb.former"), "{output}");
    assert!(other.file("data/store/data.mdb.former").exists());
    other.restart();
    let mut subscriber =
        Client::connect(&persistent_client(&other, "subscriber"), session_state).await.expect("CONNACK");
    assert!(subscriber.connack().session_present, "the session is not in the snapshot");
    let mut missing = acknowledged.clone();
    while !missing.is_empty() {
        let message = subscriber.message().await.expect("an open connection");
        let number: u32 = String::from_utf8_lossy(&message.payload).parse().expect("a number");
        missing.remove(&number);
    }
    let mut new_subscriber = Client::connect(&persistent_client(&other, "new_subscriber"), State::default())
        .await
        .expect("CONNACK");
    subscribe(&mut new_subscriber, "busy/#", 1).await;
    let mut topics = BTreeSet::new();
    while topics.len() < usize::try_from(TOPIC_COUNT).expect("a small number") {
        topics.insert(new_subscriber.message().await.expect("an open connection").topic);
    }
    assert_eq!(other.panics(), [""; 0]);
    other.stop();
}
