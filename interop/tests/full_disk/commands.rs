//! Tests that `tidegate snapshot` and `tidegate restore` on a full disk fail with an error, leave nothing behind, and
//! do not disturb the broker.

use std::fs;
use std::process::Command;

use tidegate_interop::process::{EVENT_TIMEOUT, Process, ProcessExit};
use tidegate_interop::toolbox;
use tidegate_mqtt::ReasonCode;

use crate::harness::{Harness, connect};

#[tokio::test(flavor = "current_thread")]
async fn a_snapshot_on_a_full_disk_fails_and_the_broker_continues() {
    let Some(mut harness) = Harness::start("always").await else { return };
    harness.disk.fill(1 << 20);
    assert_fails_without_space(&run(&harness, "snapshot", "snapshot", "."));
    let names = fs::read_dir(harness.disk.path(""))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name());
    assert!(names.map(|name| name.into_string()).all(|name| !name.expect("text").contains("snapshot")));
    let mut publisher = connect(&harness.clean_options("publisher")).await;
    assert_eq!(harness.publish(&mut publisher).await, ReasonCode::Success, "the store uses its reserve");
    harness.disk.free(24 << 20);
    let exit = run(&harness, "snapshot", "snapshot", ".");
    assert!(exit.status.success(), "{exit:?}");
    harness.fetch().await;
    harness.stop();
}

#[tokio::test(flavor = "current_thread")]
async fn a_restore_on_a_full_disk_fails_and_can_be_repeated() {
    let Some(harness) = Harness::start("always").await else { return };
    let exit = run(&harness, "snapshot", "snapshot", ".");
    assert!(exit.status.success(), "{exit:?}");
    harness.disk.fill(1 << 20);
    assert_fails_without_space(&run(&harness, "restore", "snapshot", "other"));
    for name in ["data.mdb", "new"] {
        assert!(!harness.disk.path("other/store").join(name).exists(), "{name} is left");
    }
    harness.disk.free(24 << 20);
    let exit = run(&harness, "restore", "snapshot", "other");
    assert!(exit.status.success(), "{exit:?}");
    harness.stop();
}

/// Runs a command on the harness's disk. `file` and `data` are names on the disk.
fn run(harness: &Harness, name: &str, file: &str, data: &str) -> ProcessExit {
    let folder = harness.broker.file("data");
    let mut command: Command = harness.disk.launch_options().command(&toolbox::broker());
    command.arg(name).arg(folder.join(file)).arg("--data").arg(folder.join(data));
    Process::start(name, &mut command).wait_for_exit(EVENT_TIMEOUT)
}

fn assert_fails_without_space(exit: &ProcessExit) {
    assert_eq!(exit.status.code(), Some(1), "{exit:?}");
    assert!(exit.errors.iter().any(|line| line.contains("No space left on device")), "{exit:?}");
}
