//! Tests SIGHUP, which reloads certificates.

use std::fs;
use std::path::Path;

use tidegate_interop::broker::Broker;
use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::transport::Transport;

use crate::{connect, start_with_default_signals};

#[tokio::test]
async fn sighup_reloads_certificates_and_open_connections_continue() {
    let mut broker = start_with_default_signals();
    let mut clients = Vec::new();
    for transport in Transport::ALL {
        clients.push(connect(&broker, transport).await.expect("CONNACK"));
    }
    broker.replace_certificate();
    // From here on, new clients trust only the new certificate authority.
    for transport in ENCRYPTED_TRANSPORTS {
        assert!(connect(&broker, transport).await.is_err(), "{transport:?}: not reloaded yet");
    }
    broker.signal("HUP");
    for transport in ENCRYPTED_TRANSPORTS {
        wait_for_listener_line(&broker, transport, "certificate reloaded");
        connect(&broker, transport).await.unwrap_or_else(|error| panic!("{transport:?}: {error}"));
    }
    for client in &mut clients {
        within_deadline("PINGRESP", client.ping()).await.expect("an open connection");
    }
    broker.stop();
}

#[tokio::test]
async fn a_certificate_that_does_not_match_its_key_is_not_loaded_and_the_log_says_what_to_do() {
    let mut broker = start_with_default_signals();
    let key = fs::read(broker.private_key()).expect("a key");
    let authority = fs::read(broker.authority()).expect("an authority");
    broker.replace_certificate();
    // Restores the old private key and the old authority. The server certificate is the new one, which does not match
    // that key.
    fs::write(broker.private_key(), key).expect("a PEM file");
    fs::write(broker.authority(), authority).expect("a PEM file");
    broker.signal("HUP");
    for transport in ENCRYPTED_TRANSPORTS {
        let line = wait_for_listener_line(&broker, transport, "certificate not reloaded");
        assert!(line.contains("ERROR") && line.contains("send SIGHUP again"), "{line}");
        assert!(line.contains("server.key: does not match the certificate"), "{line}");
        connect(&broker, transport).await.unwrap_or_else(|error| panic!("{transport:?}: {error}"));
    }
    broker.replace_certificate();
    broker.signal("HUP");
    wait_for_listener_line(&broker, Transport::Tls, "certificate reloaded");
    connect(&broker, Transport::Tls).await.expect("the new certificate");
    broker.stop();
}

/// A renewal of a certificate may be interrupted, so that a file is empty, missing, or not a file.
#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_not_loaded() {
    let mut broker = start_with_default_signals();
    for fault in ["contains no valid private key", "No such file", "Is a directory"] {
        break_key(broker.private_key(), fault);
        broker.signal("HUP");
        for transport in ENCRYPTED_TRANSPORTS {
            let listener = format!("\"listener\":\"{}\"", transport.name());
            let _ = broker.wait_for_log(|line| line.contains(fault) && line.contains(&listener), fault);
            connect(&broker, transport)
                .await
                .unwrap_or_else(|error| panic!("{fault}: {transport:?}: {error}"));
        }
    }
    fs::remove_dir(broker.private_key()).expect("a folder");
    broker.replace_certificate();
    broker.signal("HUP");
    wait_for_listener_line(&broker, Transport::Tls, "certificate reloaded");
    connect(&broker, Transport::Tls).await.expect("the new certificate");
    broker.stop();
}

/// Changes the file of a valid, empty or missing private key so that reading it has the given fault.
fn break_key(key: &Path, fault: &str) {
    match fault {
        "No such file" => fs::remove_file(key),
        "Is a directory" => fs::create_dir(key),
        _ => fs::write(key, ""),
    }
    .expect("the folder of the key");
}

fn wait_for_listener_line(broker: &Broker, transport: Transport, message: &str) -> String {
    let listener = format!("\"listener\":\"{}\"", transport.name());
    broker.wait_for_log(|line| line.contains(message) && line.contains(&listener), message)
}

const ENCRYPTED_TRANSPORTS: [Transport; 3] = [Transport::Tls, Transport::Wss, Transport::Quic];
