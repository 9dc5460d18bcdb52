//! Tests that many signals, one directly after the other, do not disturb clients.

use std::process::Command;

use tidegate_interop::scenarios::within_deadline;
use tidegate_interop::tidegate_client::{message, receive_payloads, subscribe};
use tidegate_interop::transport::Transport;

use crate::{connect, start_with_default_signals};

#[tokio::test]
async fn clients_are_served_during_a_storm_of_signals() {
    let broker = start_with_default_signals();
    let mut client = connect(&broker, Transport::Tls).await.expect("CONNACK");
    subscribe(&mut client, "a", 1).await;
    // SIGPIPE and SIGXFSZ reach a broker when a reader of its log ends, or a write exceeds its file size limit.
    let script =
        "for n in $(seq 300); do for s in HUP USR1 USR2 ALRM PIPE XFSZ; do kill -$s $1 || exit; done; done";
    let mut storm = Command::new("sh")
        .args(["-c", script, "sh", &broker.process_id().to_string()])
        .spawn()
        .expect("a shell");
    let mut sent = 0;
    let status = loop {
        client.publish(message("a", &sent.to_string(), 1)).await.expect("an open connection");
        let payloads = within_deadline("the message", receive_payloads(&mut client, 1)).await;
        assert_eq!(payloads, [sent.to_string()]);
        sent += 1;
        if let Some(status) = storm.try_wait().expect("a child") {
            break status;
        }
    };
    assert!(status.success(), "{status}: the broker ended during the storm");
    connect(&broker, Transport::Wss).await.expect("CONNACK after the storm");
    broker.stop();
}
