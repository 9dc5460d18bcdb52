//! Messages to one topic with one subscriber and with 100. The route comes from the cache. The broker locks the session
//! of each subscriber once for all messages of one read.

use tidegate_broker::BrokerConfig;
use tidegate_mqtt::{AckKind, PacketId, QoS};

use super::client::{Client, ack};
use super::core::Core;
use crate::codec::{TOPIC, publish, publishes};
use crate::{Case, CaseSetup};

pub(super) const CASES: &[CaseSetup] = &[
    || publish_in_one_read("broker/read of 64 at QoS 0 to one", QoS::AtMostOnce, 1),
    || publish_in_one_read("broker/read of 64 at QoS 0 to 100", QoS::AtMostOnce, 100),
    || publish_in_one_read("broker/read of 64 at QoS 1 to one", QoS::AtLeastOnce, 1),
    || publish_in_one_read("broker/read of 64 at QoS 1 to 100", QoS::AtLeastOnce, 100),
    exactly_once,
];

/// The subscribers and the publisher of one topic.
struct Fixture {
    core: Core,
    subscribers: Vec<Client>,
    publisher: Client,
}

impl Fixture {
    fn new(count: u32) -> Self {
        let mut core = Core::new(BrokerConfig::default(), None);
        let publisher = Client::connected(&mut core, "publisher");
        let mut subscribers = Vec::new();
        for number in 0..count {
            let mut client = Client::connected(&mut core, &format!("subscriber-{number}"));
            client.subscribe(&mut core, TOPIC);
            subscribers.push(client);
        }
        Self { core, subscribers, publisher }
    }
}

/// Sets up a case in which the broker receives `MESSAGES_PER_READ` publishes in one read. A message of the publisher,
/// together with all its copies, counts as one operation.
fn publish_in_one_read(name: &'static str, qos: QoS, count: u32) -> Case {
    let Fixture { mut core, mut subscribers, mut publisher } = Fixture::new(count);
    let wire = publishes(TOPIC, qos, MESSAGES_PER_READ);
    let mut sent = 0;
    Case::batch(name, u32::from(MESSAGES_PER_READ), move || {
        publisher.send(&mut core, &wire);
        core.flush();
        if qos > QoS::AtMostOnce {
            subscribers
                .iter_mut()
                .for_each(|client| client.acknowledge(&mut core, AckKind::PubAck, MESSAGES_PER_READ));
        }
        sent += u64::from(count) * u64::from(MESSAGES_PER_READ);
        assert_eq!(core.messages_sent(), sent);
    })
}

fn exactly_once() -> Case {
    let Fixture { mut core, mut subscribers, mut publisher } = Fixture::new(1);
    let mut subscriber = subscribers.pop().expect("one");
    let publish = publish(TOPIC, QoS::ExactlyOnce);
    let release = ack(AckKind::PubRel, PacketId::MIN);
    let mut sent = 0;
    Case::single("broker/QoS 2 to one, both exchanges", move || {
        publisher.send(&mut core, &publish);
        core.flush();
        publisher.send(&mut core, &release);
        subscriber.acknowledge_partly(&mut core, AckKind::PubRec);
        core.flush();
        subscriber.acknowledge(&mut core, AckKind::PubComp, 1);
        core.flush();
        sent += 1;
        assert_eq!(core.messages_sent(), sent);
    })
}

/// Number of messages in one read.
const MESSAGES_PER_READ: u16 = 64;
