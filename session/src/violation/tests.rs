//! Every violation has a reason code that DISCONNECT may carry.

use tidegate_mqtt::property::PacketContext;

use super::Violation;

#[test]
fn every_reason_code_is_allowed_in_disconnect() {
    for violation in Violation::ALL {
        let reason = violation.reason();
        assert!(reason.is_error() && reason.may_appear_in(PacketContext::Disconnect), "{violation:?}");
        assert!(violation.statement().starts_with("MQTT5-"), "{violation:?}");
    }
}
