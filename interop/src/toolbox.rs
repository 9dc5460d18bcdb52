//! Paths of the broker's binary, the counterparts and their tools. `./test` builds and installs them.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the root folder of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this package")
}

/// Returns the path of the broker's binary: `$TIDEGATE_BIN`, or the binary that cargo built into the same profile
/// folder as the running test.
#[must_use]
pub fn broker() -> PathBuf {
    let path = env::var_os("TIDEGATE_BIN").map_or_else(|| profile_folder().join("tidegate"), PathBuf::from);
    require_file(path, "cargo build -p tidegate-gateway --bin tidegate")
}

/// Returns the path of the Python interpreter in the virtual environment with the counterparts' packages.
#[must_use]
pub fn python() -> PathBuf {
    require_file(tools_folder().join("venv/bin/python"), INSTALL_COMMAND)
}

/// Returns the path of `mqttv5`, the command-line client of another MQTT implementation, which supports QUIC.
#[must_use]
pub fn mqttv5() -> PathBuf {
    require_file(tools_folder().join("bin/mqttv5"), INSTALL_COMMAND)
}

/// Returns the path of strace, which records the system calls of a program.
#[must_use]
pub fn strace() -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join("strace")).find(|path| path.exists());
    require_file(found.unwrap_or_else(|| PathBuf::from("strace")), INSTALL_COMMAND)
}

/// Returns the folder with the scripts of one counterpart.
#[must_use]
pub fn counterpart_folder(name: &str) -> PathBuf {
    workspace().join("interop/counterparts").join(name)
}

/// Returns the folder of installed tools: `$TIDEGATE_TOOLS`, or `tools` in cargo's target folder.
fn tools_folder() -> PathBuf {
    env::var_os("TIDEGATE_TOOLS").map_or_else(|| profile_folder().with_file_name("tools"), PathBuf::from)
}

/// Returns the folder `target/<profile>` of the running program. The path of a test is
/// `target/<profile>/deps/<name>-<hash>`, the path of any other program `target/<profile>/<name>`.
fn profile_folder() -> PathBuf {
    let running = env::current_exe().expect("the path of this program");
    let folder = running.parent().expect("the folder of this program");
    let is_test = folder.file_name().is_some_and(|name| name == "deps");
    if is_test {
        folder.parent().expect("cargo's folder for the profile").to_owned()
    } else {
        folder.to_owned()
    }
}

fn require_file(path: PathBuf, remedy: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `{remedy}`", path.display());
    path
}

const INSTALL_COMMAND: &str = "./test tools";
