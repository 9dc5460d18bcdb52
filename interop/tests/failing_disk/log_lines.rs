//! Tests that the log reports a full disk and the recovery, once each.

use tidegate_interop::disk_faults::Fault;
use tidegate_mqtt::ProtocolVersion;

use crate::harness::{Harness, clean_client, connect};

#[tokio::test(flavor = "current_thread")]
async fn the_log_reports_full_once_and_recovery_once() {
    let mut harness = Harness::start("").await;
    harness.fail(Fault::NoSpace).await;
    let full = harness.broker.wait_for_log(is_full, "the log line of a full store");
    assert!(full.contains("No space left on device"), "the log line does not name the cause: {full}");
    harness.disk.recover();
    harness.broker.wait_for_log(is_recovered, "the log line of a recovered store");
    let mut client = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "client")).await;
    harness.wait_until_accepted(&mut client).await;
    let text = harness.broker.log().text();
    let reports: Vec<_> =
        text.lines().filter(|line| is_full(line) || is_recovered(line)).map(is_recovered).collect();
    assert_eq!(reports, [false, true], "{text}");
    harness.stop();
}

fn is_full(line: &str) -> bool {
    line.contains("\"level\":\"WARN\"") && line.contains("the store is full")
}

fn is_recovered(line: &str) -> bool {
    line.contains("\"level\":\"INFO\"") && line.contains("the store works again")
}
