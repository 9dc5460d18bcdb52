//! Tests paths that are symbolic links: the owner and the permissions of the file or folder to which a link leads
//! count, not those of the link itself.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use tidegate_interop::process::EVENT_TIMEOUT;

use crate::setup::Setup;
use crate::{OTHER_USER_ID, access_warnings};

#[test]
fn a_store_folder_behind_a_link_is_checked_like_any_other() {
    let setup = Setup::new();
    let target = setup.path("elsewhere");
    fs::create_dir(&target).expect("a folder");
    fs::create_dir(setup.path("data")).expect("a folder");
    for (path, mode) in [("elsewhere", 0o700), ("data", 0o700)] {
        fs::set_permissions(setup.path(path), Permissions::from_mode(mode)).expect("a mode");
    }
    symlink(&target, setup.path("data/store")).expect("a link");
    assert_eq!(access_warnings(setup.run()), [""; 0], "a private folder behind a link");
    assert_eq!(setup.mode("elsewhere/data.mdb"), 0o600);

    fs::set_permissions(&target, Permissions::from_mode(0o770)).expect("a mode");
    let warnings = access_warnings(setup.run());
    assert!(
        matches!(&warnings[..], [line] if line.contains("data/store") && line.contains("0770")),
        "{warnings:#?}"
    );
    fs::set_permissions(&target, Permissions::from_mode(0o700)).expect("a mode");

    if chown(&target, Some(OTHER_USER_ID), None).is_err() {
        eprintln!("skipped: only root can give files to another user");
        return;
    }
    let exit = setup.serve("").wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(1), "{:#?}", exit.errors);
    let belongs = format!("belongs to user {OTHER_USER_ID}");
    assert!(exit.errors.iter().any(|line| line.contains(&belongs)), "{:#?}", exit.errors);
}

/// Tools that renew certificates install a link to the newest key. The link itself always has mode 0777.
#[test]
fn the_private_key_behind_a_link_is_checked() {
    let setup = Setup::new();
    let text = "other users have access to this private key (mode 0644)";
    fs::rename(setup.path("server.key"), setup.path("server.key.1")).expect("a key");
    symlink("server.key.1", setup.path("server.key")).expect("a link");
    let exit = setup.run_with("strict: true\n");
    assert!(!exit.errors.iter().any(|line| line.contains("private key (mode")), "{:#?}", exit.errors);
    fs::set_permissions(setup.path("server.key.1"), Permissions::from_mode(0o644)).expect("a mode");
    let exit = setup.serve("strict: true\n").wait_for_exit(EVENT_TIMEOUT);
    assert_eq!(exit.status.code(), Some(2), "{:#?}", exit.errors);
    assert!(exit.errors.iter().any(|line| line.contains(text)), "{:#?}", exit.errors);
}
