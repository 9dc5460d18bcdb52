//! Tests the CONNACK of an accepted CONNECT: its reason code, its flags, and its encoding.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::property;

cases! {
    a_valid_connect_is_accepted: "MQTT5-3.1.4-5", "MQTT3-3.1.4-4";
    a_connect_with_every_option_is_accepted: "MQTT5-3.1.4-5", "MQTT3-3.1.4-4";
    session_present_is_set_only_for_an_existing_session: "MQTT5-3.2.2-1", "MQTT5-3.2.2-2", "MQTT5-3.2.2-3", "MQTT3-3.2.2-1", "MQTT3-3.2.2-2", "MQTT3-3.2.2-3", "TRAP5-103", "TRAP3-103";
    a_maximum_qos_of_2_is_not_announced: "MQTT5-3.2.2-9", "TRAP5-102";
}

async fn a_valid_connect_is_accepted(harness: Harness) {
    let (mut client, connack) = harness.connect("one").open_with_connack().await;
    assert_eq!(connack.bytes[3], 0, "the code");
    assert!(harness.is_v5() || connack.bytes == [0x20, 2, 0, 0], "{:02x?}", connack.bytes);
    client.ping().await;
}

async fn a_connect_with_every_option_is_accepted(harness: Harness) {
    let builder = harness
        .connect("one")
        .persistent()
        .keep_alive(600)
        .number(property::RECEIVE_MAXIMUM, 1)
        .number(property::MAXIMUM_PACKET_SIZE, u32::MAX)
        .number(property::TOPIC_ALIAS_MAXIMUM, 65_535)
        .number(property::REQUEST_RESPONSE_INFORMATION, 1)
        .number(property::REQUEST_PROBLEM_INFORMATION, 1);
    let will = crate::wire::Will::new(harness.topic("will"), "gone").qos(2).retain();
    let (mut client, connack) = builder.will(will).open_with_connack().await;
    assert!(!connack.session_present);
    client.ping().await;
    client.disconnect().await;
}

async fn session_present_is_set_only_for_an_existing_session(harness: Harness) {
    // The four connections: not clean without an existing session, not clean with one, clean with one, and not clean
    // after the clean one.
    for (clean, expected) in [(false, 0), (false, 1), (true, 0), (false, if harness.is_v5() { 1 } else { 0 })]
    {
        // In 5.0, the session of a clean start lasts until its expiry. In 3.1.1, it ends with its connection.
        let (client, connack) = harness.connect("one").clean(clean).expiry(60).open_with_connack().await;
        assert_eq!(connack.bytes[2..4], [expected, 0], "flags and code, clean: {clean}");
        client.disconnect().await;
    }
}

async fn a_maximum_qos_of_2_is_not_announced(harness: Harness) {
    let (_client, connack) = harness.connect("one").open_with_connack().await;
    let announced = connack.properties.get_number(property::MAXIMUM_QOS);
    assert!(announced.is_none_or(|qos| qos < 2), "{announced:?}");
}
