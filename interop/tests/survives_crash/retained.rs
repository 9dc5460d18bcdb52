//! Tests that expired retained messages are not restored after a restart, and do not count towards the limit of
//! retained messages.

use std::fs;

use tidegate_client::{Client, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, subscribe};
use tidegate_mqtt::Publish;

use crate::{clean_client_named, persistent_client};

#[tokio::test(flavor = "current_thread")]
async fn expired_retained_messages_do_not_count_towards_the_limit_after_a_restart() {
    let settings = "persistence:\n  durability: always\nretained:\n  messages_max: 20\n";
    let mut broker = Broker::start_with(Config::every_transport().with(settings));
    let mut client =
        Client::connect(&persistent_client(&broker, "publisher"), State::default()).await.expect("CONNACK");
    for number in 0..10 {
        retain(&mut client, &format!("expiring/{number}"), Some(1)).await;
    }
    retain(&mut client, "staying", None).await;
    within_deadline("the expiry", async { while retained_topics(&broker).await.len() > 1 {} }).await;
    broker.kill();
    replace_in_config(&broker, "messages_max: 20", "messages_max: 5");
    broker.restart();
    assert_eq!(
        retained_topics(&broker).await,
        ["staying"],
        "an acknowledged message below the limit is lost"
    );
    broker.stop();
}

async fn retain(client: &mut Client, topic: &str, expiry: Option<u32>) {
    let mut retained = Publish { retain: true, ..message(topic, "kept", 1) };
    retained.properties.expiry = expiry;
    let id = client.publish(retained).await.expect("an open connection").expect("a packet id");
    assert!(!client.acknowledged(id).await.expect("PUBACK").reason.is_error());
}

/// Returns the topics of all retained messages.
async fn retained_topics(broker: &Broker) -> Vec<String> {
    let mut reader =
        Client::connect(&clean_client_named(broker, "reader"), State::default()).await.expect("CONNACK");
    subscribe(&mut reader, "#", 1).await;
    let mut topics = Vec::new();
    reader.publish(message("end", "end", 0)).await.expect("an open connection");
    loop {
        let message = reader.message().await.expect("an open connection");
        if !message.retain {
            return topics;
        }
        topics.push(message.topic.to_string());
    }
}

fn replace_in_config(broker: &Broker, from: &str, to: &str) {
    let file = broker.file("tidegate.yaml");
    let text = fs::read_to_string(&file).expect("the configuration");
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).expect("the configuration");
}
