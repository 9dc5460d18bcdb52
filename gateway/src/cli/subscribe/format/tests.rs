//! The output for one message.

use bytes::Bytes;
use tidegate_mqtt::{Publish, QoS};

use super::{Format, print};

fn printed(format: Format, has_topic: bool, message: &Publish) -> String {
    let mut output = Vec::new();
    print(format, has_topic, message, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn text_prints_the_payload_and_optionally_the_topic() {
    let message = Publish::new("a/b", "hello");
    assert_eq!(printed(Format::Text, false, &message), "hello");
    assert_eq!(printed(Format::Text, true, &message), "a/b hello");
}

#[test]
fn json_prints_a_message_without_properties() {
    let message = Publish { qos: QoS::AtLeastOnce, retain: true, ..Publish::new("a", "he\"llo\n") };
    let expected = r#"{"dup":false,"payload":"he\"llo\n","qos":1,"retain":true,"topic":"a"}"#;
    assert_eq!(printed(Format::Json, true, &message), expected);
}

#[test]
fn json_prints_every_property_and_binary_data() {
    let mut message = Publish::new("a", Bytes::from_static(&[0xFF, 0xFE]));
    let properties = &mut message.properties;
    properties.payload_is_text = Some(false);
    properties.expiry = Some(5);
    properties.alias = Some(6);
    properties.response_topic = Some("r".to_owned());
    properties.correlation_data = Some(Bytes::from_static(&[0x80]));
    properties.content_type = Some("t".to_owned());
    properties.subscription_identifiers = vec![1, 2];
    assert!(properties.user_properties.push("n", "v1"));
    assert!(properties.user_properties.push("n", "v2"));
    let expected = concat!(
        r#"{"dup":false,"payload_base64":"//4=","properties":{"content_type":"t","correlation_data_base64":"gA==","#,
        r#""message_expiry":5,"payload_is_text":false,"response_topic":"r","subscription_identifiers":[1,2],"#,
        r#""topic_alias":6,"user_properties":[["n","v1"],["n","v2"]]},"qos":0,"retain":false,"topic":"a"}"#,
    );
    assert_eq!(printed(Format::Json, false, &message), expected);
}
