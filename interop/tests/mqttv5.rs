//! Tests the broker with mqttv5, the command-line client of another Rust implementation: MQTT 3.1.1 and 5.0 over QUIC.

use std::process::Command;

use tidegate_interop::broker::Broker;
use tidegate_interop::process::Process;
use tidegate_interop::toolbox;
use tidegate_interop::transport::Transport;

#[test]
fn all_scenarios_pass_with_mqtt_5_over_quic() {
    run_all_scenarios("5");
}

#[test]
fn all_scenarios_pass_with_mqtt_3_1_1_over_quic() {
    run_all_scenarios("3.1.1");
}

fn run_all_scenarios(version: &'static str) {
    let broker = Broker::start();
    let mqttv5 = Mqttv5 { broker: &broker, version };
    run_qos_scenario(mqttv5);
    run_retained_scenario(mqttv5);
    run_will_scenario(mqttv5);
    run_resume_scenario(mqttv5);
    broker.stop();
}

fn run_qos_scenario(mqttv5: Mqttv5<'_>) {
    for qos in ["0", "1", "2"] {
        let receiver = mqttv5.start_subscribed(&["-t", "qos/+", "-q", qos, "-n", "20", "-v"]);
        mqttv5.publish(&["-t", "qos/a", "-q", qos, "-m", "word", "--repeat", "20", "--interval", "1"]);
        assert_eq!(messages(&receiver.expect_success().output), ["qos/a: word"; 20]);
    }
}

fn run_retained_scenario(mqttv5: Mqttv5<'_>) {
    mqttv5.publish(&["-t", "retained/a", "-r", "-q", "1", "-m", "kept"]);
    let output =
        mqttv5.start_subscriber(&["-t", "retained/#", "-q", "1", "-n", "1", "-v"]).expect_success().output;
    assert_eq!(messages(&output), ["retained/a: kept"]);
}

fn run_will_scenario(mqttv5: Mqttv5<'_>) {
    let will_receiver = mqttv5.start_subscribed(&["-t", "will/a", "-q", "2", "-n", "1", "-v"]);
    // The broker notices that a QUIC client has vanished only after one and a half times its keep alive.
    let will = ["--will-topic", "will/a", "--will-message", "gone", "--will-qos", "2", "-k", "2s"];
    mqttv5.start_subscribed(&[will.as_slice(), &["-t", "will/none", "-q", "0"]].concat()).kill();
    assert_eq!(messages(&will_receiver.expect_success().output), ["will/a: gone"]);
}

/// Kills the first client, and resumes its session with a second client. Publishes only after the second client has
/// subscribed, because mqttv5 drops messages that arrive before it has subscribed again.
fn run_resume_scenario(mqttv5: Mqttv5<'_>) {
    let session = ["-c", "persistent", "--no-clean-start", "-t", "resume/a", "-q", "2", "-v"];
    mqttv5.start_subscribed(&session).kill();
    let second = mqttv5.start_subscribed(&[session.as_slice(), &["-n", "3"]].concat());
    second
        .wait_for_error(|line| line.contains("Resumed existing session"), "the report of a resumed session");
    for word in ["one", "two", "three"] {
        mqttv5.publish(&["-t", "resume/a", "-q", "2", "-m", word]);
    }
    let output = second.expect_success().output;
    assert_eq!(messages(&output), ["resume/a: one", "resume/a: two", "resume/a: three"]);
}

/// Runs mqttv5 against the broker's QUIC port. The client sends all packets on one stream.
#[derive(Clone, Copy)]
struct Mqttv5<'a> {
    broker: &'a Broker,
    version: &'static str,
}

impl Mqttv5<'_> {
    fn publish(self, arguments: &[&str]) {
        let _ = self.start("pub", arguments).expect_success();
    }

    fn start_subscriber(self, arguments: &[&str]) -> Process {
        self.start("sub", arguments)
    }

    fn start_subscribed(self, arguments: &[&str]) -> Process {
        let process = self.start_subscriber(arguments);
        process.wait_for_output(|line| line.contains("Subscribed to"), "SUBACK");
        process
    }

    fn start(self, name: &str, arguments: &[&str]) -> Process {
        let mut command = Command::new(toolbox::mqttv5());
        command.args([name, "--url", &self.broker.url(Transport::Quic), "--protocol-version", self.version]);
        command.arg("--ca-cert").arg(self.broker.authority());
        command.args(["--non-interactive", "--quic-stream-strategy", "control-only"]);
        Process::start(&format!("mqttv5 {name}"), command.args(arguments))
    }
}

/// Returns the messages in the output of mqttv5, in the form `TOPIC: PAYLOAD`, without its other lines.
fn messages(output: &[String]) -> Vec<&str> {
    output
        .iter()
        .map(String::as_str)
        .filter(|line| line.split_once(": ").is_some_and(|(topic, _)| topic.contains('/')))
        .collect()
}
