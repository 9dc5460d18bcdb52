//! Tests of the `tidegate` binary: exit codes, standard output and standard error.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test panics")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn tidegate(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn check_prints_ok_for_a_valid_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "cores: 2\n").unwrap();
    let output = tidegate(&["check", "--config", "a.yaml"], folder.path());
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "a.yaml: OK\n"));
}

#[test]
fn check_and_serve_report_faults_and_exit_with_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "cores: none\n").unwrap();
    for command in ["check", "serve"] {
        let output = tidegate(&[command, "--config", "a.yaml"], folder.path());
        let expected = "a.yaml:1:1: invalid value: string \"none\", expected a whole number from 1 to 1024\n";
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(2), expected), "{command}");
        assert_eq!(text(&output.stdout), "");
    }
    assert!(!folder.path().join("tidegate-data").exists(), "the broker must not start");
}

#[test]
fn check_prints_the_settings_that_apply_and_their_sources() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "cores: 2\nsession:\n  qos_max: 1\n").unwrap();
    let lines = |arguments: &[&str]| {
        let output = tidegate(arguments, folder.path());
        assert_eq!(output.status.code(), Some(0));
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text(&output.stdout).lines().map(words).collect::<Vec<_>>()
    };
    let with_file = lines(&["check", "--effective", "--config", "a.yaml"]);
    for line in ["cores 2 a.yaml:1", "session.qos_max 1 a.yaml:3", "session.packet_size_max 1MiB default"] {
        assert!(with_file.iter().any(|found| found == line), "{line}: {with_file:#?}");
    }
    let without_file = lines(&["check", "--effective"]);
    assert!(without_file.iter().any(|line| line == "listeners.tcp.address 127.0.0.1:1883 default"));
    assert!(!folder.path().join("tidegate-data").exists(), "nothing is created");
    assert_eq!(tidegate(&["check"], folder.path()).status.code(), Some(2), "no file");
}

#[test]
fn schema_prints_json() {
    let output = tidegate(&["schema"], Path::new("."));
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(schema["title"], "Config");
}

#[test]
fn a_failed_connection_exits_with_1_and_a_usage_error_with_2() {
    // A bound socket that never accepts a connection. No other process can get its port.
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", reserved.local_addr().unwrap());
    let arguments = ["pub", "-t", "a", "-m", "b", "--connect-timeout", "1", "--url", &url];
    assert_eq!(tidegate(&arguments, Path::new(".")).status.code(), Some(1), "no CONNACK");
    let wrong =
        tidegate(&["pub", "-t", "a", "-m", "b", "-V", "3.1.1", "--content-type", "c"], Path::new("."));
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        text(&wrong.stderr),
        "error: message properties: not available in MQTT 3.1.1, use --protocol 5\n"
    );
}

/// Copies the binary to `folder`, so that no built `tidegate-bench` is beside it.
fn copy_binary(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("tidegate");
    fs::copy(env!("CARGO_BIN_EXE_tidegate"), &path).unwrap();
    path
}

#[test]
fn bench_without_a_load_generator_names_what_is_missing_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        Command::new(copy_binary(folder.path())).arg("bench").env("PATH", folder.path()).output().unwrap();
    let place = folder.path().canonicalize().unwrap();
    let expected =
        format!("error: cannot find tidegate-bench at {}/tidegate-bench or on the PATH\n", place.display());
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(2), expected));
}

#[test]
fn bench_runs_the_load_generator_beside_it_or_on_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tidegate = copy_binary(folder.path());
    let run = || {
        let mut command = Command::new(&tidegate);
        let command = command.args(["bench", "pairs", "--help", "-x"]).env("PATH", other.path());
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        let id = child.id();
        (child.wait_with_output().unwrap(), id)
    };
    for (place, name) in [(&other, "on the path"), (&folder, "beside")] {
        let script = place.path().join("tidegate-bench");
        fs::write(&script, format!("#!/bin/sh\necho \"{name}: $* $$\"\nexit 7\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let (output, id) = run();
        let expected = format!("{name}: pairs --help -x {id}\n");
        assert_eq!(
            (output.status.code(), text(&output.stdout)),
            (Some(7), expected),
            "it must run in the same process"
        );
    }
}

/// A broker on a free port, which `stop` ends with SIGTERM.
struct Broker {
    process: Child,
    url: String,
}

impl Broker {
    fn start(folder: &Path) -> Self {
        let config =
            "listeners: [{ name: tcp, transport: tcp, address: \"127.0.0.1:0\" }]\nlog: { format: json }\n";
        fs::write(folder.join("tidegate.yaml"), config).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_tidegate"))
            .args(["serve", "--config", "tidegate.yaml"])
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut url = String::new();
        for line in &mut lines {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            if line["message"] == "listening" {
                url = format!("mqtt://{}", line["address"].as_str().unwrap());
            }
            if line["message"] == "ready" {
                break;
            }
        }
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    fn stop(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

#[test]
fn sub_prints_what_pub_publishes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(folder.path());
    for version in ["3.1", "3.1.1", "5"] {
        let retained =
            ["pub", "-t", "a/b", "-m", "hello", "-r", "-q", "2", "-V", version, "--url", &broker.url];
        assert_eq!(tidegate(&retained, folder.path()).status.code(), Some(0), "{version}");
        let subscribe =
            ["sub", "-t", "a/+", "-q", "2", "-C", "1", "-W", "30", "-v", "-V", version, "--url", &broker.url];
        let output = tidegate(&subscribe, folder.path());
        assert_eq!(
            (output.status.code(), text(&output.stdout).as_str()),
            (Some(0), "a/b hello\n"),
            "{version}"
        );
        assert_eq!(text(&output.stderr), "subscribed: a/+ (QoS 2)\n");
    }
    assert_eq!(broker.stop(), Some(0));
}
