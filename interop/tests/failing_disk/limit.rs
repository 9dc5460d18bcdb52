//! The store's own limit: at it messages are refused, and once its messages are taken it has room again.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_gateway::client::{Client, Event, Options, State};
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate::message;
use tidegate_mqtt::{PacketId, ProtocolVersion, ReasonCode};

use crate::world::{World, clean, connect, session};

#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_limit_heals_by_being_drained() {
    heals_by_being_drained(&[1]).await;
}

/// A QoS 2 message goes out once its packet identifier is kept, and so waits for room itself, with all that is behind it.
#[tokio::test(flavor = "current_thread")]
async fn a_store_at_its_limit_heals_though_qos_2_comes_first() {
    heals_by_being_drained(&[1, 2]).await;
}

/// Messages of those QoS are the first that wait.
async fn heals_by_being_drained(first: &[u8]) {
    let settings = "  size_max: 64MiB\nsession:\n  queue_bytes_max: 1GiB\n";
    let mut world = World::start_with(settings, first).await;
    let mut filler = Filler::new(&clean(&world.broker, ProtocolVersion::V5, "filler")).await;
    tokio::select! {
        () = filler.publish() => {}
        () = world.until_refused() => {}
    }
    assert!(filler.taken.len() * SIZE > 32 << 20, "only {} messages found room", filler.taken.len());
    let told = world.broker.wait_for_log(|line| line.contains("the store is full"), "line that says so");
    assert!(told.contains("size limit"), "{told}");

    let options = session(&world.broker, ProtocolVersion::V5, "keeper");
    world.keeper = within_deadline("all that was taken", filler.drain(&options, world.keeper.clone())).await;
    world.acknowledged.clear();
    let mut late = connect(&clean(&world.broker, ProtocolVersion::V5, "late")).await;
    world.until_accepted(&mut late).await;
    world.broker.wait_for_log(|line| line.contains("the store works again"), "line that says so");
    world.restart();
    world.check_kept().await;
    world.stop();
}

/// A client that fills the store, and what became of its messages.
struct Filler {
    client: Client,
    /// The numbers of messages without an answer.
    open: BTreeMap<PacketId, usize>,
    taken: BTreeSet<usize>,
    refused: BTreeSet<usize>,
}

impl Filler {
    async fn new(options: &Options) -> Self {
        let (client, open) = (connect(options).await, BTreeMap::new());
        Self { client, open, taken: BTreeSet::new(), refused: BTreeSet::new() }
    }

    /// Publishes without an end; once the store is full there are no more answers, and it waits.
    async fn publish(&mut self) {
        for number in 0.. {
            while !self.client.can_publish() {
                self.client.progress().await.expect("the connection");
            }
            let text = format!("{number:0width$}", width = SIZE);
            let id = self.client.publish(message("kept/large", &text, 1)).await.expect("the connection");
            self.open.insert(id.expect("an identifier"), number);
            while let Some(event) = self.client.take_event() {
                self.note(event);
            }
        }
    }

    fn note(&mut self, event: Event) {
        let Event::Acknowledged(done) = event else { return };
        let number = self.open.remove(&done.packet_id).expect("one of ours");
        let is_new = match done.reason {
            ReasonCode::Success => self.taken.insert(number),
            ReasonCode::QuotaExceeded => self.refused.insert(number),
            other => panic!("{other:?}"),
        };
        assert!(is_new, "{number} has two answers");
    }

    /// The session that all of it waits for comes back, until each message has an answer and all that were taken have come.
    async fn drain(&mut self, options: &Options, state: State) -> State {
        let mut keeper = Client::connect(options, state).await.expect("CONNACK");
        let mut received = BTreeSet::new();
        while !(self.open.is_empty() && self.taken.is_subset(&received)) {
            tokio::select! {
                message = keeper.message() => {
                    let payload = message.expect("the connection").payload;
                    if payload.len() == SIZE {
                        received.insert(String::from_utf8_lossy(&payload).parse().expect("a number"));
                    }
                }
                event = self.client.event() => self.note(event.expect("the connection")),
            }
        }
        assert!(self.refused.is_disjoint(&received), "refused, yet there");
        keeper.settle().await.expect("the last acknowledgements");
        keeper.disconnect(ReasonCode::Success).await.expect("an orderly end")
    }
}

/// Bytes of a payload.
const SIZE: usize = 16 * 1024;
