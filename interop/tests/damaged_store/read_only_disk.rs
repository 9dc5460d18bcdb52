//! Tests `store check` on a data folder that is mounted read-only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::{serve, wait_until_ready};
use tidegate_interop::config::free_port;
use tidegate_interop::process::{EVENT_TIMEOUT, Process, ProcessExit};
use tidegate_interop::toolbox;

use crate::run::{self, Outcome};
use crate::sample::{Kind, Samples, copy_folder};

/// Runs a `tidegate` command in a mount namespace where the data folder is read-only. Returns `None` if this process
/// may not mount file systems.
fn command_on_read_only(data: &Path, arguments: &[&str]) -> Option<ProcessExit> {
    let script =
        "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 77; shift; exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script, "sh"]).arg(data).arg(toolbox::broker()).args(arguments);
    command.arg("--data").arg(data);
    let exit = Process::start("a command on a read-only folder", &mut command).wait_for_exit(EVENT_TIMEOUT);
    if exit.status.code() == Some(77) {
        eprintln!("skipped: this process may not mount a file system; run the tests as root");
        return None;
    }
    Some(exit)
}

fn sorted_paths(folder: &Path) -> Vec<PathBuf> {
    let mut sorted_paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    sorted_paths.sort();
    sorted_paths
}

#[test]
fn a_closed_and_a_killed_store_are_checked() {
    let samples = Samples::new();
    for kind in [Kind::Closed, Kind::Killed] {
        let data = TempDir::new().expect("a folder");
        let store = data.path().join("store");
        copy_folder(&samples.store(kind), &store);
        let before = sorted_paths(&store);
        for arguments in [&["store", "check"][..], &["store", "stats"]] {
            let Some(exit) = command_on_read_only(data.path(), arguments) else { return };
            let outcome = run::check_outcome(&format!("{kind:?} {arguments:?}"), &exit);
            assert_eq!(outcome, Outcome::Accepted, "{kind:?}: {exit:#?}");
        }
        assert_eq!(sorted_paths(&store), before, "no file was made");
        fs::write(store.join("data.mdb"), "").expect("a file");
        let Some(exit) = command_on_read_only(data.path(), &["store", "check"]) else { return };
        assert!(exit.errors.join("\n").contains("data.mdb is empty"), "{exit:#?}");
    }
}

#[test]
fn a_store_in_use_on_a_read_only_disk_is_refused() {
    let data = TempDir::new().expect("a folder");
    copy_folder(&Samples::new().store(Kind::Closed), &data.path().join("store"));
    let config = data.path().join("tidegate.yaml");
    let listener = format!("  - name: tcp\n    transport: tcp\n    address: 127.0.0.1:{}\n", free_port());
    fs::write(&config, format!("listeners:\n{listener}")).expect("a configuration file");
    let broker = serve(Some(&config), data.path());
    wait_until_ready(&broker);
    if let Some(exit) = command_on_read_only(data.path(), &["store", "check"]) {
        assert_eq!(run::check_outcome("check", &exit), Outcome::Refused);
        let message = exit.errors.join("\n");
        assert!(message.contains("is in use by a broker") && message.contains("read-only"), "{message}");
    }
    broker.terminate();
    let _ = broker.expect_success();
}
