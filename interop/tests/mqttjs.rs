//! Tests the broker with MQTT.js in Node: MQTT 3.1, 3.1.1 and 5.0 over TCP, TLS and WebSocket.

use tidegate_interop::counterpart::Counterpart;
use tidegate_interop::transport::Transport;

#[test]
fn all_scenarios_pass_over_tcp() {
    Counterpart::node("main.mjs").run_all_scenarios(Transport::Tcp, &[3, 4, 5]);
}

#[test]
fn all_scenarios_pass_over_tls() {
    Counterpart::node("main.mjs").run_all_scenarios(Transport::Tls, &[3, 4, 5]);
}

#[test]
fn all_scenarios_pass_over_websocket() {
    Counterpart::node("main.mjs").run_all_scenarios(Transport::Ws, &[3, 4, 5]);
}

#[test]
fn all_scenarios_pass_over_websocket_with_tls() {
    Counterpart::node("main.mjs").run_all_scenarios(Transport::Wss, &[3, 4, 5]);
}
