//! Tests of the table of faults.

use super::{DecodeError, Fault};
use crate::ProtocolVersion;

#[test]
fn statements_name_their_version_and_reasons_are_errors() {
    for fault in Fault::ALL {
        assert!(fault.statement_v5().starts_with("MQTT5-"), "{fault}");
        assert!(fault.statement_v3().starts_with("MQTT3-"), "{fault}");
        assert!(fault.reason().is_error(), "{fault}");
    }
}

#[test]
fn an_error_cites_the_statement_of_the_version_in_use() {
    let v5 = DecodeError::new(Fault::HeaderFlags, ProtocolVersion::V5);
    assert_eq!(v5.statement(), "MQTT5-2.1.3-1");
    assert_eq!(v5.to_string(), "the reserved header flags have the wrong value [MQTT5-2.1.3-1]");
    let v3 = DecodeError::new(Fault::HeaderFlags, ProtocolVersion::V3_1_1);
    assert_eq!(v3.statement(), "MQTT3-2.2.2-2");
    assert_eq!(v3.connack_version(), None);
}
