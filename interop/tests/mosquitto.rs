//! Tests the broker with Debian's mosquitto_pub and mosquitto_sub, which do not support WebSocket: MQTT 3.1, 3.1.1 and
//! 5.0 over TCP and TLS.

use tidegate_interop::broker::Broker;
use tidegate_interop::mosquitto::{Mosquitto, messages};
use tidegate_interop::transport::Transport;

#[test]
fn all_scenarios_pass_with_mqtt_3_1_over_tcp() {
    run_all_scenarios(Transport::Tcp, "mqttv31");
}

#[test]
fn all_scenarios_pass_with_mqtt_3_1_1_over_tcp() {
    run_all_scenarios(Transport::Tcp, "mqttv311");
}

#[test]
fn all_scenarios_pass_with_mqtt_5_over_tcp() {
    run_all_scenarios(Transport::Tcp, "mqttv5");
}

#[test]
fn all_scenarios_pass_with_mqtt_3_1_over_tls() {
    run_all_scenarios(Transport::Tls, "mqttv31");
}

#[test]
fn all_scenarios_pass_with_mqtt_3_1_1_over_tls() {
    run_all_scenarios(Transport::Tls, "mqttv311");
}

#[test]
fn all_scenarios_pass_with_mqtt_5_over_tls() {
    run_all_scenarios(Transport::Tls, "mqttv5");
}

fn run_all_scenarios(transport: Transport, version: &'static str) {
    let broker = Broker::start();
    let mosquitto = Mosquitto::new(&broker, transport, version);
    run_qos_scenario(mosquitto);
    run_retained_scenario(mosquitto);
    run_will_scenario(mosquitto);
    run_resume_scenario(mosquitto, if version == "mqttv5" { &["-x", "60"] } else { &[] });
    broker.stop();
}

fn run_qos_scenario(mosquitto: Mosquitto<'_>) {
    for qos in ["0", "1", "2"] {
        let receiver = mosquitto.start_subscribed(&["-t", "qos/+", "-q", qos, "-C", "20"]);
        mosquitto.publish(&["-t", "qos/a", "-q", qos, "-m", "text", "--repeat", "20"]);
        let output = receiver.expect_success().output;
        assert_eq!(messages(&output), vec![format!("qos/a {qos} 0 text"); 20]);
    }
}

fn run_retained_scenario(mosquitto: Mosquitto<'_>) {
    mosquitto.publish(&["-t", "retained/a", "-r", "-q", "1", "-m", "kept"]);
    let output =
        mosquitto.start_subscriber(&["-t", "retained/#", "-q", "1", "-C", "1"]).expect_success().output;
    assert_eq!(messages(&output), ["retained/a 1 1 kept"]);
    mosquitto.publish(&["-t", "retained/a", "-r", "-q", "1", "-n"]);
    let receiver = mosquitto.start_subscribed(&["-t", "retained/#", "-q", "1", "-C", "1"]);
    mosquitto.publish(&["-t", "retained/a", "-q", "1", "-m", "after"]);
    assert_eq!(messages(&receiver.expect_success().output), ["retained/a 1 0 after"]);
}

fn run_will_scenario(mosquitto: Mosquitto<'_>) {
    let will_receiver = mosquitto.start_subscribed(&["-t", "will/a", "-q", "2", "-C", "1"]);
    let will = ["--will-topic", "will/a", "--will-payload", "gone", "--will-qos", "2", "-t", "will/none"];
    mosquitto.start_subscribed(&will).kill();
    assert_eq!(messages(&will_receiver.expect_success().output), ["will/a 2 0 gone"]);
}

fn run_resume_scenario(mosquitto: Mosquitto<'_>, expiry: &[&str]) {
    let session = [&["-c", "-i", "persistent", "-t", "resume/a", "-q", "2"], expiry].concat();
    let _ = mosquitto.start_subscriber(&[session.as_slice(), &["-E"]].concat()).expect_success();
    for text in ["one", "two", "three"] {
        mosquitto.publish(&["-t", "resume/a", "-q", "2", "-m", text]);
    }
    let output =
        mosquitto.start_subscriber(&[session.as_slice(), &["-C", "3"]].concat()).expect_success().output;
    assert_eq!(messages(&output), ["one", "two", "three"].map(|text| format!("resume/a 2 0 {text}")));
}
