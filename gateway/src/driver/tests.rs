//! Tests of drivers on a real core, over links in memory.

use std::sync::Arc;
use std::time::Duration;

use tidegate_broker::{
    Authenticating, Broker, BrokerConfig, ClientConnection, ConnectAttempt, CoreId, Hooks, Identity,
    LinkFacts, Phases, Principal, Totals,
};
use tidegate_client::{Client, Options, State};
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{
    Disconnect, Packet, ProtocolVersion, Publish, QoS, ReasonCode, SubscriptionOptions, UserProperties, Will,
};
use tidegate_transports::{Link, memory};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::{Accepted, Drive, Driver, accept_connect};
use crate::clock;
use crate::cores::{Cores, Order, Policy, Threads, with_core};

/// Serves a client on core 0. The client sends CONNECT on the link `control` and further packets on both links.
async fn serve(cores: Arc<Cores>, broker: Arc<Broker>, control: Link, further: Link, tracker: TaskTracker) {
    let listener = Arc::clone(&broker.tenant().internal_context().listener);
    let Ok(accepted) = accept_connect(control, &broker, &listener).await else { panic!("not accepted") };
    let Accepted { link, negotiated, rest } = accepted;
    let context = broker.admit(&negotiated, &listener, None).await.unwrap();
    let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
    let connected = with_core(|core| {
        core.run_turn(clock::now(), |turn, _| broker.connect(turn, &negotiated, &context, facts))
    });
    let client = ClientConnection::new(broker, connected.unwrap());
    let mut driver = Driver::new(link, client, rest, tracker.token());
    driver.add_lane(further);
    cores.add_connection(CoreId(0), context.tenant.number(), Drive::from(driver));
}

fn start() -> (Arc<Broker>, Arc<Cores>, Threads) {
    start_with(Vec::new())
}

fn start_with(hooks: Vec<Arc<dyn Hooks>>) -> (Arc<Broker>, Arc<Cores>, Threads) {
    let config = BrokerConfig::default();
    Cores::start(1, config.tenants_max, Policy::Packed, Order::default(), |_| {
        let broker = Broker::new(config, None, clock::now()).with_hooks(hooks);
        Ok::<_, std::io::Error>(Arc::new(broker))
    })
    .unwrap()
}

/// Assigns each client to the tenant that is named like the client.
struct TenantOfItsOwn;

impl Hooks for TenantOfItsOwn {
    fn phases(&self) -> Phases {
        Phases::AUTHENTICATE
    }

    fn authenticate<'a>(&'a self, attempt: &'a ConnectAttempt<'a>) -> Authenticating<'a> {
        let tenant = Some(Box::from(&*attempt.negotiated.client_id));
        let principal = Some(Box::new(Principal { name: "anyone".into() }));
        Box::pin(async { Ok(Identity { principal, tenant }) })
    }
}

fn publish(payload: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    Packet::from(Publish::new("lanes/topic", payload.to_owned()))
        .encode(ProtocolVersion::V5, &mut bytes)
        .unwrap();
    bytes
}

async fn receive(client: &mut Client) -> String {
    let message = timeout(Duration::from_secs(10), client.message()).await.unwrap().unwrap();
    String::from_utf8_lossy(&message.payload).into_owned()
}

#[tokio::test]
async fn two_links_share_one_session() {
    let (broker, cores, threads) = start();
    let connection = memory::Connection::new(64 * 1024);
    let ((control, server), (mut second, further)) = (connection.open(), connection.open());
    let tracker = TaskTracker::new();
    cores.spawn(CoreId(0), serve(Arc::clone(&cores), Arc::clone(&broker), server, further, tracker.clone()));

    let options = Options::new("mqtt://localhost".parse().unwrap(), ProtocolVersion::V5, "lanes");
    let mut client = Client::connect_over(control, &options, State::default()).await.unwrap();
    let filter = SubscriptionFilter::parse("lanes/#").unwrap();
    client.subscribe([(filter, SubscriptionOptions::default())], None, UserProperties::new()).await.unwrap();

    // Each link keeps the beginning of its own packet.
    let bytes = publish("from the second link");
    let (first_half, second_half) = bytes.split_at(bytes.len() / 2);
    second.write_all(first_half).await.unwrap();
    client.publish(Publish::new("lanes/topic", "from the control link".to_owned())).await.unwrap();
    assert_eq!(receive(&mut client).await, "from the control link");
    second.write_all(second_half).await.unwrap();
    assert_eq!(receive(&mut client).await, "from the second link");
    assert_eq!(broker.registry().len(), 1);

    // The connection outlives its second link, and ends with its control link.
    second.write_all(&publish("the last one")).await.unwrap();
    second.close().await.unwrap();
    assert_eq!(receive(&mut client).await, "the last one");
    client.publish(Publish::new("lanes/topic", "after it".to_owned())).await.unwrap();
    assert_eq!(receive(&mut client).await, "after it");
    // The broker may have closed the link before the client does.
    let _ = client.disconnect(ReasonCode::Success).await;
    tracker.close();
    timeout(Duration::from_secs(10), tracker.wait()).await.unwrap();
    assert!(broker.registry().is_empty());
    assert_eq!(threads.stop(Duration::from_secs(2)), 0);
}

#[tokio::test]
async fn each_tenant_has_its_own_counters() {
    let (broker, cores, threads) = start_with(vec![Arc::new(TenantOfItsOwn)]);
    let mut clients = Vec::new();
    for name in ["green", "blue"] {
        let connection = memory::Connection::new(1024);
        let ((control, server), (_, further)) = (connection.open(), connection.open());
        let serving = serve(Arc::clone(&cores), Arc::clone(&broker), server, further, TaskTracker::new());
        cores.spawn(CoreId(0), serving);
        let options = Options::new("mqtt://localhost".parse().unwrap(), ProtocolVersion::V5, name);
        let mut client = Client::connect_over(control, &options, State::default()).await.unwrap();
        let filter = SubscriptionFilter::parse("lanes/#").unwrap();
        client
            .subscribe([(filter, SubscriptionOptions::default())], None, UserProperties::new())
            .await
            .unwrap();
        clients.push(client);
    }
    for (client, count) in clients.iter_mut().zip([1, 2]) {
        for _ in 0..count {
            client.publish(Publish::new("lanes/topic", "own".to_owned())).await.unwrap();
            assert_eq!(receive(client).await, "own");
        }
    }
    for (name, connections, messages) in [("default", 0, 0), ("green", 1, 1), ("blue", 1, 2)] {
        let totals = cores.totals_of(broker.find_tenant(name).unwrap().id());
        let expected = Totals {
            connections_accepted: connections,
            messages_received: messages,
            messages_sent: messages,
            ..Totals::default()
        };
        assert_eq!(totals, expected, "{name}");
    }
    assert_eq!((cores.totals().connections_accepted, cores.totals().messages_sent), (2, 3));
    assert_eq!(threads.stop(Duration::from_secs(2)), 0);
}

#[tokio::test]
async fn a_disconnect_that_arrived_before_a_stop_takes_the_will_away() {
    let (broker, cores, threads) = start();
    let connection = memory::Connection::new(1024);
    let ((control, server), (_second, further)) = (connection.open(), connection.open());
    let tracker = TaskTracker::new();
    cores.spawn(CoreId(0), serve(Arc::clone(&cores), Arc::clone(&broker), server, further, tracker.clone()));
    let mut options = Options::new("mqtt://localhost".parse().unwrap(), ProtocolVersion::V5, "will");
    options.connect.will = Some(Will::new(Name::parse("will/topic").unwrap(), "unwanted", QoS::AtMostOnce));
    let mut client = Client::connect_over(control, &options, State::default()).await.unwrap();
    // In one task of the core, so that the connection sees both at once.
    cores.spawn(CoreId(0), async move {
        client.send(&Packet::Disconnect(Disconnect::new(ReasonCode::Success))).await.unwrap();
        with_core(|core| core.run_turn(clock::now(), |turn, _| broker.begin_stop(turn)));
    });
    tracker.close();
    timeout(Duration::from_secs(10), tracker.wait()).await.unwrap();
    let totals = cores.totals();
    assert_eq!(threads.stop(Duration::from_secs(2)), 0);
    assert_eq!(totals.wills_published, 0);
}

#[tokio::test]
async fn a_violation_on_a_further_link_ends_the_connection() {
    let (broker, cores, threads) = start();
    let connection = memory::Connection::new(1024);
    let ((control, server), (mut second, further)) = (connection.open(), connection.open());
    let tracker = TaskTracker::new();
    cores.spawn(CoreId(0), serve(Arc::clone(&cores), broker, server, further, tracker.clone()));
    let options = Options::new("mqtt://localhost".parse().unwrap(), ProtocolVersion::V5, "lanes");
    let mut client = Client::connect_over(control, &options, State::default()).await.unwrap();
    second.write_all(&[0, 0]).await.unwrap();
    let ended = timeout(Duration::from_secs(10), client.message()).await.unwrap();
    assert!(ended.is_err(), "{ended:?}");
    tracker.close();
    timeout(Duration::from_secs(10), tracker.wait()).await.unwrap();
    assert_eq!(threads.stop(Duration::from_secs(2)), 0);
}
