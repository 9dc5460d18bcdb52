//! rumqttc's MQTT 3.1.1 client as a [`TestClient`]. Its event loop is polled only while a scenario waits.

use std::collections::VecDeque;

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS, qos};
use tidegate_interop::test_client::{ClientSetup, Received, TestClient};

pub struct Client {
    requests: AsyncClient,
    events: EventLoop,
    received: VecDeque<Received>,
    session_present: bool,
    /// Number of received QoS 2 messages for which this client has not sent PUBCOMP yet.
    unfinished_qos2_count: u32,
}

impl Client {
    /// Polls the event loop until an event occurs that `wanted` accepts, and returns that event. Stores messages that
    /// arrive in the meantime.
    async fn poll_until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.poll_once().await;
            if wanted(&event) {
                return event;
            }
        }
    }

    async fn poll_once(&mut self) -> Event {
        let event = self.events.poll().await.expect("the connection stays open");
        match &event {
            Event::Incoming(Packet::Publish(publish)) => {
                self.unfinished_qos2_count += u32::from(publish.qos == QoS::ExactlyOnce);
                self.received.push_back(Received {
                    topic: publish.topic.clone(),
                    payload: String::from_utf8_lossy(&publish.payload).into_owned(),
                    qos: level(publish.qos),
                    retain: publish.retain,
                });
            }
            Event::Outgoing(Outgoing::PubComp(_)) => self.unfinished_qos2_count -= 1,
            _ => {}
        }
        event
    }
}

impl TestClient for Client {
    async fn connect(setup: ClientSetup<'_>) -> Self {
        let port = setup.broker.port(setup.transport);
        let mut options = MqttOptions::new(setup.client_id, "localhost", port);
        options.set_clean_session(!setup.persistent);
        if let Some((topic, payload, level)) = setup.will {
            options.set_last_will(LastWill::new(topic, payload, qos(level).expect("a QoS"), false));
        }
        let (requests, events) = AsyncClient::new(options, 10);
        let mut client = Self {
            requests,
            events,
            received: VecDeque::new(),
            session_present: false,
            unfinished_qos2_count: 0,
        };
        let connack = client.poll_until(|event| matches!(event, Event::Incoming(Packet::ConnAck(_)))).await;
        let Event::Incoming(Packet::ConnAck(connack)) = connack else {
            unreachable!("poll_until returns CONNACK")
        };
        client.session_present = connack.session_present;
        client
    }

    fn session_present(&self) -> bool {
        self.session_present
    }

    async fn subscribe(&mut self, filter: &str, level: u8) {
        self.requests.subscribe(filter, qos(level).expect("a QoS")).await.expect("a request");
        self.poll_until(|event| matches!(event, Event::Incoming(Packet::SubAck(_)))).await;
    }

    async fn publish(&mut self, topic: &str, payload: &str, level: u8, retain: bool) {
        let level = qos(level).expect("a QoS");
        self.requests.publish(topic, level, retain, payload.to_owned()).await.expect("a request");
        self.poll_until(|event| match level {
            QoS::AtMostOnce => matches!(event, Event::Outgoing(Outgoing::Publish(_))),
            QoS::AtLeastOnce => matches!(event, Event::Incoming(Packet::PubAck(_))),
            QoS::ExactlyOnce => matches!(event, Event::Incoming(Packet::PubComp(_))),
        })
        .await;
    }

    async fn next_message(&mut self) -> Received {
        while self.received.is_empty() {
            self.poll_until(|event| matches!(event, Event::Incoming(Packet::Publish(_)))).await;
        }
        self.received.pop_front().expect("a message")
    }

    async fn disconnect(mut self) {
        while self.unfinished_qos2_count > 0 {
            self.poll_once().await;
        }
        self.requests.disconnect().await.expect("a request");
        self.poll_until(|event| matches!(event, Event::Outgoing(Outgoing::Disconnect))).await;
    }

    async fn abort(self) {}
}

fn level(qos: QoS) -> u8 {
    match qos {
        QoS::AtMostOnce => 0,
        QoS::AtLeastOnce => 1,
        QoS::ExactlyOnce => 2,
    }
}
