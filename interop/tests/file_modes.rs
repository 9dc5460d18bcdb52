//! Tests the permissions of files: only the broker's user has access to the files that the broker creates. Wider
//! permissions cause a warning, and the broker refuses to use files of another user.

#![allow(clippy::expect_used, clippy::panic)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tidegate_interop::broker::{serve, wait_until_ready};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::process::{DEADLINE, Process, ProcessExit};
use tidegate_interop::toolbox;

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
    let snapshot = setup.path("snapshot");
    let mut command = Command::new(toolbox::broker());
    command.arg("snapshot").arg(&snapshot).arg("--data").arg(setup.path("data"));
    let _ = Process::start("snapshot", &mut command).expect_success();
    assert_eq!(setup.mode("snapshot"), 0o600);
}

#[test]
fn each_path_with_wider_permissions_causes_one_warning_and_keeps_its_mode() {
    let setup = Setup::new();
    let warnings = |exit: ProcessExit| -> Vec<String> {
        exit.errors.into_iter().filter(|line| line.contains("other users have access")).collect()
    };
    assert_eq!(warnings(setup.run()), [""; 0], "a new data folder");
    let wide = [
        ("data", 0o755),
        ("data/store", 0o750),
        ("data/store/tidegate.lock", 0o644),
        ("data/store/quic.keys", 0o640),
    ];
    for (path, mode) in wide {
        fs::set_permissions(setup.path(path), Permissions::from_mode(mode)).expect("a mode");
    }
    let warnings = warnings(setup.run());
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
        let exit = setup.serve("").wait_for_exit(DEADLINE);
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

    let exit = setup.serve("strict: true\n").wait_for_exit(DEADLINE);
    assert_eq!(exit.status.code(), Some(2), "{:#?}", exit.errors);
    assert!(exit.errors.iter().all(|line| line.contains(text)), "{:#?}", exit.errors);
    assert_eq!(setup.check().status.code(), Some(2));
}

/// A temporary folder with a configuration and a certificate. The broker creates the folder `data` in it.
struct Setup {
    folder: TempDir,
    config: Config,
    certificate: Certificate,
}

impl Setup {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        Self { folder, config: Config::every_transport(), certificate }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn mode(&self, name: &str) -> u32 {
        mode(&self.path(name))
    }

    /// Starts the broker with additional lines in its configuration.
    fn serve(&self, settings: &str) -> Process {
        let text = self.config.clone().with(settings).yaml(&self.certificate);
        fs::write(self.path("tidegate.yaml"), text).expect("a configuration file");
        serve(Some(&self.path("tidegate.yaml")), &self.path("data"))
    }

    /// Starts the broker, waits until it is ready, and stops it.
    fn run(&self) -> ProcessExit {
        self.run_with("")
    }

    fn run_with(&self, settings: &str) -> ProcessExit {
        let broker = self.serve(settings);
        wait_until_ready(&broker);
        broker.terminate();
        broker.expect_success()
    }

    /// Runs `tidegate check` on the configuration with which the broker was started last.
    fn check(&self) -> ProcessExit {
        let mut command = Command::new(toolbox::broker());
        command.arg("check").arg("--config").arg(self.path("tidegate.yaml"));
        Process::start("tidegate check", &mut command).wait_for_exit(DEADLINE)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("an existing path").permissions().mode() & 0o777
}

/// The user id of any user other than the one that runs the tests.
const OTHER_USER_ID: u32 = 54_321;
