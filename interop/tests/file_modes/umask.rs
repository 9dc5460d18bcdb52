//! Tests that the permissions of files do not depend on the umask with which the broker was started.

use std::fs;

use tidegate_interop::broker::serve_with_launch;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::process::EVENT_TIMEOUT;

use crate::access_warnings;
use crate::setup::Setup;

#[test]
fn files_are_private_with_the_most_permissive_umask() {
    assert_private_with_umask("000");
}

#[test]
fn files_are_private_and_usable_with_a_restrictive_umask() {
    assert_private_with_umask("077");
}

/// Runs the broker and the store commands with this umask, and checks the modes of everything that they create.
fn assert_private_with_umask(umask: &str) {
    let mut setup = Setup::new();
    let script = format!("umask {umask} && exec \"$@\"");
    setup.launch = LaunchOptions::default().wrapped_in(["sh", "-c", &script, "sh"]);
    for _ in 0..2 {
        let exit = setup.run_with("persistence:\n  durability: interval\n");
        assert_eq!(access_warnings(exit), [""; 0]);
    }
    setup.run_store_command("snapshot", "snapshot", "data");
    setup.run_store_command("restore", "snapshot", "restored/data");
    for folder in ["data", "data/store", "restored", "restored/data", "restored/data/store"] {
        assert_eq!(setup.mode(folder), 0o700, "{folder}");
    }
    for file in [
        "data/store/data.mdb",
        "data/store/lock.mdb",
        "data/store/tidegate.lock",
        "data/store/quic.keys",
        "snapshot",
        "restored/data/store/data.mdb",
        "restored/data/store/tidegate.lock",
    ] {
        assert_eq!(setup.mode(file), 0o600, "{file}");
    }
}

/// Without a configuration, the broker creates the private keys of a development certificate before it opens the store.
/// Here it cannot open the store, so it exits without using the default ports.
#[test]
fn development_keys_are_private_with_the_most_permissive_umask() {
    let setup = Setup::new();
    let launch = LaunchOptions::default().wrapped_in(["sh", "-c", "umask 000 && exec \"$@\"", "sh"]);
    let data = setup.path("data");
    fs::create_dir(&data).expect("a folder");
    fs::write(data.join("store"), "not a folder").expect("a file");
    let exit = serve_with_launch(&launch, None, &data).wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(1), "{:#?}", exit.errors);
    for (path, mode) in [("data/dev", 0o700), ("data/dev/ca.key", 0o600), ("data/dev/server.key", 0o600)] {
        assert_eq!(setup.mode(path), mode, "{path}");
    }
}
