//! Tests the broker with MQTT.js on a page in headless Chromium: MQTT 3.1.1 and 5.0 over WebSocket, with and without
//! TLS.

use tidegate_interop::counterpart::Counterpart;
use tidegate_interop::transport::Transport;

#[test]
fn all_scenarios_pass_over_websocket_with_tls() {
    Counterpart::node("browser.mjs").run_all_scenarios(Transport::Wss, &[4, 5]);
}

#[test]
fn all_scenarios_pass_over_websocket() {
    Counterpart::node("browser.mjs").run_all_scenarios(Transport::Ws, &[5]);
}
