//! Tests the first start of the broker on a disk that is full or nearly full: the start succeeds, or the broker exits
//! with an error that names the cause. The broker is never killed by a signal such as SIGBUS.

use tempfile::TempDir;
use tidegate_interop::broker::serve_with_launch;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::small_disk::SmallDisk;

#[test]
fn the_first_start_on_a_nearly_full_disk_succeeds_or_reports_the_full_disk() {
    let mut has_started = false;
    for left in [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 64, 128, 512, 1024, 2048, 4096].map(|left| left << 10) {
        let folder = TempDir::new().expect("a temporary folder");
        let data = folder.path().join("data");
        let Some(disk) = SmallDisk::mount(&data, 8 << 20) else { return };
        disk.fill(left);
        let config = folder.path().join("tidegate.yaml");
        std::fs::write(&config, LISTENER_CONFIG).expect("a configuration file");
        let process = serve_with_launch(&disk.launch_options(), Some(&config), &data);
        // Waits until the broker is ready or has exited. A broker that is ready is stopped.
        let ready_line = process.errors.wait_for(|line| line.contains("\"ready\""), EVENT_TIMEOUT);
        if ready_line.is_ok() {
            has_started = true;
            process.terminate();
            let _ = process.expect_success();
            continue;
        }
        let exit = process.wait_for_exit(EVENT_TIMEOUT);
        assert_eq!(exit.status.code(), Some(1), "{left} bytes left: {}: {:#?}", exit.status, exit.errors);
        let is_named = exit.errors.iter().any(|line| line.contains("No space left on device"));
        assert!(is_named, "{left} bytes left: {:#?}", exit.errors);
    }
    assert!(has_started, "the broker needs more than 4 MiB");
}

const LISTENER_CONFIG: &str = "listeners:\n  - { name: tcp, transport: tcp, address: \"127.0.0.1:0\" }\n";
