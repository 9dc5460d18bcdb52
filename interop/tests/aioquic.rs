//! Tests the broker with a Python client that is built on aioquic and has its own MQTT codec: MQTT 3.1.1 and 5.0 over
//! QUIC.

use tidegate_interop::counterpart::Counterpart;
use tidegate_interop::transport::Transport;

#[test]
fn all_scenarios_pass_over_quic() {
    Counterpart::python("aioquic").run_all_scenarios(Transport::Quic, &[4, 5]);
}
