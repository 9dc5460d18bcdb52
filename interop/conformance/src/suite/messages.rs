//! Messages: PUBLISH and its acknowledgements, QoS, flow control, retained messages, expiry, aliases, order.

use crate::case::Case;

mod acknowledgement;
mod bad_property;
mod distribution;
mod expiry;
mod flags;
mod inbound_alias;
mod inbound_qos_2;
mod inbound_receive_maximum;
mod order;
mod outbound_alias;
mod outbound_qos_2;
mod outbound_receive_maximum;
mod overlap;
mod packet_id;
mod packet_size;
mod property;
mod qos_1;
mod resume;
mod retain;
mod retain_flag;
mod retain_handling;
mod retain_resume;
mod small_packet_size;
mod topic_name;

/// The tests of each file in this area.
pub(super) const AREA: &[&[Case]] = &[
    acknowledgement::CASES,
    inbound_alias::CASES,
    outbound_alias::CASES,
    bad_property::CASES,
    distribution::CASES,
    expiry::CASES,
    flags::CASES,
    order::CASES,
    overlap::CASES,
    packet_id::CASES,
    packet_size::CASES,
    property::CASES,
    qos_1::CASES,
    inbound_qos_2::CASES,
    outbound_qos_2::CASES,
    inbound_receive_maximum::CASES,
    outbound_receive_maximum::CASES,
    resume::CASES,
    retain::CASES,
    retain_flag::CASES,
    retain_handling::CASES,
    retain_resume::CASES,
    small_packet_size::CASES,
    topic_name::CASES,
];
