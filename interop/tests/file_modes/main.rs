//! Tests the permissions of files: only the broker's user has access to the files that the broker creates. Wider
//! permissions cause a warning, and the broker refuses to use files of another user.

#![allow(clippy::expect_used, clippy::panic)]

mod links;
mod setup;
mod umask;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use tidegate_interop::process::{EVENT_TIMEOUT, ProcessExit};

use setup::Setup;

#[test]
fn only_the_owner_has_access_to_files_that_the_broker_creates() {
    let setup = Setup::new();
    setup.run();
    setup.run_with("persistence:\n  durability: interval\n");
    for (path, mode) in [
        ("data", 0o700),
        ("data/store", 0o700),
        ("data/store/data.mdb", 0o600),
        ("data/store/lock.mdb", 0o600),
        ("data/store/tidegate.lock", 0o600),
        ("data/store/quic.keys", 0o600),
    ] {
        assert_eq!(setup.mode(path), mode, "{path}");
    }
    setup.run_store_command("snapshot", "snapshot", "data");
    assert_eq!(setup.mode("snapshot"), 0o600);
}

#[test]
fn each_path_with_wider_permissions_causes_one_warning_and_keeps_its_mode() {
    let setup = Setup::new();
    assert_eq!(access_warnings(setup.run()), [""; 0], "a new data folder");
    let wide = [
        ("data", 0o755),
        ("data/store", 0o750),
        ("data/store/tidegate.lock", 0o644),
        ("data/store/quic.keys", 0o640),
    ];
    for (path, mode) in wide {
        fs::set_permissions(setup.path(path), Permissions::from_mode(mode)).expect("a mode");
    }
    let warnings = access_warnings(setup.run());
    assert_eq!(warnings.len(), wide.len(), "{warnings:#?}");
    for ((path, mode), warning) in wide.iter().zip(&warnings) {
        assert!(warning.contains(&format!("{}\"", setup.path(path).display())), "{path}: {warning}");
        assert!(warning.contains(&format!("{mode:04o}")) && warning.contains("chmod"), "{path}: {warning}");
        assert_eq!(setup.mode(path), *mode, "{path}");
    }
}

#[test]
fn a_path_that_belongs_to_another_user_is_refused() {
    let setup = Setup::new();
    setup.run();
    for path in ["data", "data/store", "data/store/data.mdb", "data/store/quic.keys"] {
        let path = setup.path(path);
        if chown(&path, Some(OTHER_USER_ID), None).is_err() {
            eprintln!("skipped: only root can give files to another user");
            return;
        }
        let exit = setup.serve("").wait_for_exit(EVENT_TIMEOUT);
        assert_eq!(exit.status.code(), Some(1), "{}: {:#?}", path.display(), exit.errors);
        let error = exit.errors.iter().find(|line| line.contains("\"level\":\"ERROR\"")).expect("an error");
        let expected = format!("{} belongs to user {OTHER_USER_ID}", path.display());
        assert!(error.contains(&expected), "{error}");
        chown(&path, Some(0), None).expect("the former owner");
    }
    setup.run();
}

#[test]
fn a_private_key_that_other_users_can_read_causes_a_warning_or_with_strict_an_error() {
    let setup = Setup::new();
    fs::set_permissions(setup.path("server.key"), Permissions::from_mode(0o644)).expect("a mode");
    let text = "other users have access to this private key (mode 0644)";
    let exit = setup.run();
    assert!(
        exit.errors.iter().any(|line| line.contains(text) && line.contains("WARN")),
        "{:#?}",
        exit.errors
    );
    let exit = setup.check();
    assert_eq!((exit.status.code(), exit.errors.iter().any(|line| line.contains(text))), (Some(0), true));

    let exit = setup.serve("strict: true\n").wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(2), "{:#?}", exit.errors);
    assert!(exit.errors.iter().all(|line| line.contains(text)), "{:#?}", exit.errors);
    assert_eq!(setup.check().status.code(), Some(2));
}

/// Returns the warnings about files and folders to which other users have access.
fn access_warnings(exit: ProcessExit) -> Vec<String> {
    exit.errors.into_iter().filter(|line| line.contains("other users have access")).collect()
}

/// The user id of any user other than the one that runs the tests.
const OTHER_USER_ID: u32 = 54_321;
