//! Runs Debian's `mosquitto_pub` and `mosquitto_sub` as counterparts.

use std::process::Command;

use crate::broker::Broker;
use crate::process::Process;
use crate::transport::Transport;

/// Runs `mosquitto_pub` and `mosquitto_sub` against one listener with one protocol version.
#[derive(Clone, Copy, Debug)]
pub struct Mosquitto<'a> {
    broker: &'a Broker,
    transport: Transport,
    version: &'static str,
}

impl<'a> Mosquitto<'a> {
    /// Creates a runner for one listener. `version` is the protocol version: `mqttv31`, `mqttv311` or `mqttv5`.
    #[must_use]
    pub fn new(broker: &'a Broker, transport: Transport, version: &'static str) -> Self {
        Self { broker, transport, version }
    }

    /// Runs `mosquitto_pub` with `arguments` and waits until it succeeds.
    pub fn publish(&self, arguments: &[&str]) {
        let mut command = Command::new("mosquitto_pub");
        self.add_connection_arguments(&mut command).args(arguments);
        let _ = Process::start("mosquitto_pub", &mut command).expect_success();
    }

    /// Starts `mosquitto_sub`, which prints each message as a line `>TOPIC QOS RETAIN PAYLOAD`.
    #[must_use]
    pub fn start_subscriber(&self, arguments: &[&str]) -> Process {
        // With `stdbuf -oL`, mosquitto_sub writes each line at once, although its output is not a terminal. With `-d`,
        // it reports when it has subscribed.
        let mut command = Command::new("stdbuf");
        self.add_connection_arguments(command.args(["-oL", "mosquitto_sub", "-d", "-F", ">%t %q %r %p"]))
            .args(arguments);
        Process::start("mosquitto_sub", &mut command)
    }

    /// Starts `mosquitto_sub` and waits for SUBACK.
    #[must_use]
    pub fn start_subscribed(&self, arguments: &[&str]) -> Process {
        let process = self.start_subscriber(arguments);
        process.wait_for_output(|line| line.starts_with("Subscribed"), "SUBACK");
        process
    }

    fn add_connection_arguments<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let port = self.broker.port(self.transport).to_string();
        command.args(["-h", "localhost", "-p", &port, "-V", self.version]);
        if self.transport.is_encrypted() {
            command.arg("--cafile").arg(self.broker.authority());
        }
        command
    }
}

/// Returns the messages in the output of `mosquitto_sub`, without its other lines.
#[must_use]
pub fn messages(output: &[String]) -> Vec<&str> {
    output.iter().filter_map(|line| line.strip_prefix('>')).collect()
}
