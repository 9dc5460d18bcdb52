//! Tests of expected and unexpected acknowledgements at QoS 1 and 2.

use super::AckTracker;
use crate::latencies::Latencies;
use crate::wire::{build, scan};

/// Handles an acknowledgement that arrives at time 100. Returns the response and the measured latency.
fn handle(acks: &mut AckTracker, packet: &[u8]) -> (Vec<u8>, Latencies) {
    let (mut out, mut latency) = (Vec::new(), Latencies::new().unwrap());
    let (packet, _) = scan::next(packet).unwrap().unwrap();
    acks.handle(&packet, 100, &mut latency, &mut out);
    (out, latency)
}

#[test]
fn puback_completes_a_qos_1_message() {
    let mut acks = AckTracker::new(1, 2);
    acks.record_sent(7, 40);
    assert!(!acks.can_send(7) && acks.can_send(8));
    let (out, latency) = handle(&mut acks, &build::puback(7));
    assert!(out.is_empty());
    assert_eq!(latency.percentiles().unwrap().max, 0.06);
    assert_eq!((acks.unacknowledged(), acks.faults()), (0, 0));
}

#[test]
fn a_qos_2_message_is_unacknowledged_until_pubcomp() {
    let mut acks = AckTracker::new(2, 1);
    acks.record_sent(7, 40);
    let (out, latency) = handle(&mut acks, &build::pubrec(7));
    assert_eq!(out, build::pubrel(7));
    assert!(latency.percentiles().is_none());
    assert_eq!(acks.unacknowledged(), 1);
    let (_, latency) = handle(&mut acks, &build::pubcomp(7));
    assert_eq!(latency.percentiles().unwrap().max, 0.06);
    assert_eq!((acks.unacknowledged(), acks.faults()), (0, 0));
}

#[test]
fn an_unexpected_acknowledgement_is_a_fault() {
    let cases = [
        (1, build::pubrec(7).to_vec()),
        (1, build::puback(8).to_vec()),
        (2, build::puback(7).to_vec()),
        (2, build::pubcomp(7).to_vec()),
    ];
    for (qos, packet) in cases {
        let mut acks = AckTracker::new(qos, 9);
        acks.record_sent(7, 40);
        handle(&mut acks, &packet);
        assert_eq!(acks.unacknowledged(), 1, "{qos} {packet:?}");
        assert_eq!(acks.faults(), 2, "the packet and the unacknowledged message: {qos} {packet:?}");
    }
}

#[test]
fn an_error_reason_code_completes_a_message_and_is_a_fault() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        let mut acks = AckTracker::new(qos, 9);
        acks.record_sent(7, 40);
        let (out, _) = handle(&mut acks, &[first, 3, 0, 7, 0x97]);
        assert!(out.is_empty());
        assert_eq!((acks.unacknowledged(), acks.faults()), (0, 1));
    }
}
