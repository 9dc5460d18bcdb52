//! Runs the store commands as processes, and starts brokers for them.

use std::path::Path;

use tidegate_client::{Client, Options, State};
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::process::{Process, ProcessExit};
use tidegate_interop::tidegate_client::{client_options, message, subscribe, with_persistent_session};
use tidegate_interop::transport::Transport;
use tidegate_mqtt::{ProtocolVersion, Publish};

/// Runs a command that has to succeed without error messages. Returns its standard output.
pub fn run_successfully(arguments: &[&str], paths: &[(&str, &Path)]) -> String {
    let ProcessExit { status, output, errors } = Process::run_tidegate(arguments, paths);
    assert!(status.success(), "{arguments:?}: {status}\n{output:?}\n{errors:?}");
    assert_eq!(errors, [""; 0], "{arguments:?}");
    output.join("\n")
}

/// Runs a command that has to fail with exit code 1. Returns its error messages.
pub fn run_to_failure(arguments: &[&str], paths: &[(&str, &Path)]) -> String {
    let ProcessExit { status, output, errors } = Process::run_tidegate(arguments, paths);
    assert_eq!(status.code(), Some(1), "{arguments:?}: {output:?}\n{errors:?}");
    assert_eq!(output, [""; 0], "{arguments:?}");
    errors.join("\n")
}

/// Starts a broker with the given durability setting.
pub fn start_broker(durability: &str) -> Broker {
    Broker::start_with(Config::every_transport().with(&format!("persistence:\n  durability: {durability}\n")))
}

pub fn persistent_client(broker: &Broker, id: &str) -> Options {
    with_persistent_session(client_options(broker, Transport::Tcp, ProtocolVersion::V5, id))
}

/// Creates a session that is subscribed to `busy/#`. Returns the client-side session state.
pub async fn create_session(broker: &Broker) -> State {
    let mut client =
        Client::connect(&persistent_client(broker, "subscriber"), State::default()).await.expect("CONNACK");
    subscribe(&mut client, "busy/#", 1).await;
    client.drop_without_disconnect()
}

/// Publishes a retained message and waits for PUBACK.
pub async fn publish_retained(broker: &Broker, topic: &str, payload: &str) {
    let mut client =
        Client::connect(&persistent_client(broker, "publisher"), State::default()).await.expect("CONNACK");
    let retained = Publish { retain: true, ..message(topic, payload, 1) };
    let id = client.publish(retained).await.expect("an open connection").expect("a packet id");
    client.acknowledged(id).await.expect("PUBACK");
}
