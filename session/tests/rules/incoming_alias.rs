//! Topic aliases set by the client: they can be used and replaced, and are discarded when the connection ends.
//! [MQTT5-3.3.2-7] [MQTT5-3.3.2-9] [MQTT5-3.3.2-12] [MQTT5-3.2.2-17] [MQTT5-3.2.2-18]

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Packet, ProtocolVersion, Publish, PublishView, ReasonCode};
use tidegate_session::{Config, Violation};

use crate::pair::{SessionUnderTest, persistent_connect};

fn admit(pair: &mut SessionUnderTest, topic: &str, alias: Option<u16>) -> Result<String, Violation> {
    let mut publish = Publish::new(topic, "payload");
    publish.properties.alias = alias;
    let mut wire = Vec::new();
    Packet::from(publish).encode(ProtocolVersion::V5, &mut wire).unwrap();
    let Ok(Next::Frame(frame)) = frame::next(&wire, ProtocolVersion::V5, u32::MAX) else { panic!() };
    let view = PublishView::parse(&frame, ProtocolVersion::V5).unwrap();
    pair.connection.admit(&view).map(str::to_owned)
}

fn pair_with_aliases(topic_alias_maximum: u16) -> SessionUnderTest {
    SessionUnderTest::with(Config { topic_alias_maximum, ..Config::default() }, persistent_connect())
}

#[test]
fn every_alias_up_to_the_maximum_can_be_set_and_replaced() {
    let mut pair = pair_with_aliases(10);
    for alias in 1..=10 {
        assert_eq!(admit(&mut pair, &format!("t{alias}"), Some(alias)), Ok(format!("t{alias}")));
    }
    for alias in 1..=10 {
        assert_eq!(admit(&mut pair, "", Some(alias)), Ok(format!("t{alias}")));
    }
    assert_eq!(admit(&mut pair, "other", Some(3)), Ok("other".to_owned()));
    assert_eq!(admit(&mut pair, "", Some(3)), Ok("other".to_owned()));
    assert_eq!(admit(&mut pair, "plain", None), Ok("plain".to_owned()));
}

#[test]
fn an_alias_above_the_maximum_is_a_violation() {
    let mut pair = pair_with_aliases(10);
    let violation = admit(&mut pair, "t", Some(11)).unwrap_err();
    assert_eq!(violation, Violation::AliasOutOfRange);
    assert_eq!(violation.reason(), ReasonCode::TopicAliasInvalid);
}

#[test]
fn any_alias_is_a_violation_if_no_maximum_was_announced() {
    let mut pair = pair_with_aliases(0);
    let violation = admit(&mut pair, "t", Some(1)).unwrap_err();
    assert_eq!(violation, Violation::AliasNotAnnounced);
    assert_eq!(violation.reason(), ReasonCode::TopicAliasInvalid);
}

#[test]
fn using_an_alias_that_was_never_set_is_a_violation() {
    let mut pair = pair_with_aliases(10);
    let _ = admit(&mut pair, "t", Some(9));
    for alias in [1, 10] {
        let violation = admit(&mut pair, "", Some(alias)).unwrap_err();
        assert_eq!(violation, Violation::AliasUnknown);
        assert_eq!(violation.reason(), ReasonCode::ProtocolError);
    }
}

#[test]
fn aliases_are_discarded_when_the_connection_ends() {
    let mut pair = pair_with_aliases(10);
    let _ = admit(&mut pair, "t", Some(1));
    pair.connect(persistent_connect());
    assert_eq!(admit(&mut pair, "", Some(1)), Err(Violation::AliasUnknown));
}
