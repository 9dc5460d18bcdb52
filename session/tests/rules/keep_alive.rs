//! Keep alive: the client may be silent for 1.5 times the effective keep alive, which the server may impose.
//! [MQTT5-3.1.2-22] [MQTT5-3.2.2-21] [MQTT5-3.2.2-22] [MQTT3-3.1.2-24]

use std::sync::Arc;
use std::time::Duration;

use tidegate_mqtt::{Connect, ProtocolVersion};
use tidegate_session::Config;

use crate::pair::negotiate;

use ProtocolVersion::{V3_1_1, V5};

#[test]
fn silence_limit_and_server_keep_alive_are_right_for_every_combination() {
    for (version, requested, max, silence, announced) in [
        (V5, 2, 0, Some(3000), None),
        (V5, 0, 0, None, None),
        (V5, 65_535, 0, Some(98_302_500), None),
        (V5, 10, 20, Some(15_000), None),
        (V5, 20, 20, Some(30_000), None),
        (V5, 30, 20, Some(30_000), Some(20)),
        (V5, 0, 20, Some(30_000), Some(20)),
        (V3_1_1, 30, 20, Some(45_000), None),
        (V3_1_1, 0, 20, None, None),
        (V3_1_1, 5, 0, Some(7500), None),
    ] {
        let mut connect = Connect::new(version, "client");
        connect.keep_alive = requested;
        let config = Arc::new(Config { keep_alive_max: max, ..Config::default() });
        let negotiated = negotiate(connect, &config);
        assert_eq!(
            negotiated.silence_max(),
            silence.map(Duration::from_millis),
            "{version} {requested} {max}"
        );
        assert_eq!(
            negotiated.connack(false, &config).server_keep_alive,
            announced,
            "{version} {requested} {max}"
        );
    }
}
