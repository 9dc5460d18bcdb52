//! Tests brokers that cannot write to standard error: the broker serves its clients and stops in an orderly way.

use std::fs;
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;
use tidegate_interop::broker::serve_with_launch;
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::launch_options::LaunchOptions;
use tidegate_interop::process::{EVENT_TIMEOUT, Process};
use tidegate_interop::toolbox;
use tidegate_interop::transport::Transport;

/// A file that the broker opens must not become standard error, because log lines would overwrite its content.
#[test]
fn a_broker_without_open_standard_streams_works() {
    assert_works("exec \"$@\" <&- >&- 2>&-");
}

#[test]
fn a_broker_whose_log_is_on_a_full_disk_works() {
    assert_works("exec \"$@\" 2>/dev/full");
}

#[test]
fn a_broker_whose_log_reader_has_ended_works() {
    assert_works("exec \"$@\" 2> >(true)");
}

/// Starts a broker with a shell script, which changes its standard error.
fn assert_works(script: &str) {
    let folder = TempDir::new().expect("a temporary folder");
    let config = Config::every_transport().with("log: { level: trace }\n");
    let (file, data) = (folder.path().join("tidegate.yaml"), folder.path().join("data"));
    fs::write(&file, config.yaml(&Certificate::create(folder.path()))).expect("a configuration file");
    let launch = LaunchOptions::default().wrapped_in(["bash", "-c", script, "bash"]);
    let broker = serve_with_launch(&launch, Some(&file), &data);
    let url = Transport::Tcp.url(config.port(Transport::Tcp));
    let end = Instant::now() + EVENT_TIMEOUT;
    while !publish(&url, "first") {
        assert!(Instant::now() < end, "the broker does not answer");
    }
    for signal in ["USR1", "USR2"] {
        broker.signal(signal);
        assert!(publish(&url, signal), "no answer after SIG{signal}");
    }
    let mut command = Command::new(toolbox::broker());
    command.args(["sub", "--url", &url, "-t", "a", "-C", "1"]);
    assert_eq!(Process::start("sub", &mut command).expect_success().output, ["USR2"]);
    broker.terminate();
    assert!(broker.wait_for_exit(EVENT_TIMEOUT).status.success());
    let exit = Process::run_tidegate(&["store", "check"], &[("--data", &data)]);
    assert!(exit.status.success(), "{exit:?}");
}

/// Publishes a retained message, and returns whether the broker acknowledged it.
fn publish(url: &str, text: &str) -> bool {
    let mut command = Command::new(toolbox::broker());
    command.args(["pub", "--url", url, "-t", "a", "-m", text, "-q", "1", "--retain"]);
    Process::start("pub", &mut command).wait_for_exit(EVENT_TIMEOUT).status.success()
}
