//! A stop that cannot write the last changes to the disk is reported by the exit code.

use tidegate_interop::disk_faults::Fault;
use tidegate_mqtt::{ProtocolVersion, ReasonCode};

use crate::harness::{Harness, clean_client, connect};

#[tokio::test(flavor = "current_thread")]
async fn a_stop_with_a_broken_disk_exits_with_code_1() {
    let settings = "persistence:\n  durability: interval\n  interval: 60s\n";
    let mut harness = Harness::start_configured(settings, &[1]).await;
    let mut client = connect(&clean_client(&harness.broker, ProtocolVersion::V5, "client")).await;
    assert_eq!(harness.publish(&mut client, "not synced", 1).await, ReasonCode::Success);
    harness.disk.fail_with(Fault::SyncError);
    let lines = harness.stop_failed();
    let reports = lines.iter().filter(|line| line.contains("the store could not commit its last changes"));
    assert_eq!(reports.count(), 1, "{lines:#?}");
}
