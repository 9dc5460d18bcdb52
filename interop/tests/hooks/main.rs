//! Hooks in a broker that runs in this process: an asynchronous check authenticates clients and chooses their tenants,
//! and a hook on every phase sees each action of a client once, over every transport.

#![allow(clippy::expect_used, clippy::panic)]

mod embedded_broker;
mod recorder;

use std::sync::Arc;
use std::thread;

use tidegate_broker::{Authenticating, ConnectAttempt, Hooks, Identity, Phases, Principal};
use tidegate_client::{Client, ClientError, State};
use tidegate_interop::tidegate_client::{message, receive_payloads, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_limits::Refusal;
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{ProtocolVersion, QoS, ReasonCode, SubscriptionOptions, UserProperties, Will};

use embedded_broker::EmbeddedBroker;
use recorder::{Recorder, WATCHED};

/// This must stay the only test of its file, because it stops the broker with a signal to its own process.
#[tokio::test]
async fn hooks_authenticate_choose_the_tenant_and_see_each_action_once() {
    let recorder = Arc::new(Recorder::default());
    let broker = EmbeddedBroker::start(vec![recorder.clone(), Arc::new(AskThread)]);
    for transport in Transport::ALL {
        a_wrong_password_is_refused(&broker, transport).await;
        tenants_are_separate(&broker, transport).await;
        every_phase_sees_each_action_once(&broker, transport, &recorder).await;
    }
    forbidden_actions_are_refused(&broker).await;
    broker.stop().expect("the broker ran and stopped without an error");
}

async fn a_wrong_password_is_refused(broker: &EmbeddedBroker, transport: Transport) {
    for version in [ProtocolVersion::V5, ProtocolVersion::V3_1_1] {
        let options = broker.options(transport, version, "intruder", Some("wrong"));
        match Client::connect(&options, State::default()).await {
            Err(ClientError::Refused(connack)) => {
                assert_eq!(connack.reason, ReasonCode::BadUserNameOrPassword)
            }
            other => panic!("{transport:?}: expected a refusal, got {:?}", other.map(|_| "a connection")),
        }
    }
}

/// Two clients with the same identifier, in different tenants, publish to the same topic. Each gets only its own
/// message.
async fn tenants_are_separate(broker: &EmbeddedBroker, transport: Transport) {
    let mut clients = Vec::new();
    for user in ["green", "blue"] {
        let mut client = broker.connect(transport, "twin", user).await;
        subscribe(&mut client, "news", 1).await;
        clients.push((user, client));
    }
    for (user, client) in &mut clients {
        client.publish(message("news", user, 1)).await.expect("an open connection");
        assert_eq!(receive_payloads(client, 1).await, [*user]);
        client.finish_exchanges().await.expect("PUBACK");
    }
    for (_, client) in clients {
        let _ = client.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    }
}

async fn every_phase_sees_each_action_once(
    broker: &EmbeddedBroker,
    transport: Transport,
    recorder: &Recorder,
) {
    let id = format!("{}{WATCHED}", transport.name());
    let mut options = broker.options(transport, ProtocolVersion::V5, &id, Some("secret"));
    options.connect.will =
        Some(Will::new(Name::parse("wills").expect("a topic"), "gone".to_owned(), QoS::AtMostOnce));
    let mut client = Client::connect(&options, State::default()).await.expect("CONNACK");
    subscribe(&mut client, "own/#", 2).await;
    for qos in [0, 1, 2] {
        client.publish(message("own/topic", "text", qos)).await.expect("an open connection");
        assert_eq!(receive_payloads(&mut client, 1).await, ["text"]);
        client.finish_exchanges().await.expect("all acknowledgements");
    }
    drop(client);
    let mut expected = vec![
        format!("connect {id}"),
        format!("authenticate {id}"),
        "authorise subscribe own/#".to_owned(),
        "subscribe own/#".to_owned(),
    ];
    for _ in 0..3 {
        expected.extend(
            ["authorise publish own/topic 1", "publish own/topic 1", "deliver own/topic 1"]
                .map(str::to_owned),
        );
    }
    expected.push("disconnect".to_owned());
    expected.extend(["authorise will wills 1", "publish wills 1"].map(str::to_owned));
    recorder.wait_for(&expected).await;
}

async fn forbidden_actions_are_refused(broker: &EmbeddedBroker) {
    let mut client = broker.connect(Transport::Tcp, "limited", "secret").await;
    let filter = SubscriptionFilter::parse("forbidden/#").expect("a filter");
    let entry = (filter, SubscriptionOptions::default());
    let suback = client.subscribe([entry], None, UserProperties::new()).await.expect("SUBACK");
    assert_eq!(suback.reasons, [ReasonCode::NotAuthorized]);
    let id = client.publish(message("forbidden/topic", "text", 1)).await.expect("an open connection");
    let done = client.acknowledged(id.expect("an identifier")).await.expect("PUBACK");
    assert_eq!(done.reason, ReasonCode::NotAuthorized);
}

/// Authenticates clients by their password, which is also the name of their tenant, on another thread.
struct AskThread;

impl Hooks for AskThread {
    fn phases(&self) -> Phases {
        Phases::AUTHENTICATE
    }

    fn authenticate<'a>(&'a self, attempt: &'a ConnectAttempt<'a>) -> Authenticating<'a> {
        let password = attempt.negotiated.password.clone().unwrap_or_default();
        let (sender, answer) = tokio::sync::oneshot::channel();
        thread::spawn(move || {
            let password = String::from_utf8_lossy(&password).into_owned();
            let identity = (password != "wrong").then(|| Identity {
                principal: Some(Box::new(Principal { name: "checked".into() })),
                tenant: Some(password.into()),
            });
            let _ = sender.send(identity.ok_or(Refusal::BadCredentials));
        });
        Box::pin(async { answer.await.unwrap_or(Err(Refusal::Unavailable)) })
    }
}
