//! Messages: PUBLISH and its acknowledgements, QoS, flow control, retained messages, expiry, aliases, order.

use crate::case::Case;

mod acknowledgement;
mod alias_in;
mod alias_out;
mod bad_property;
mod distribution;
mod expiry;
mod flags;
mod order;
mod overlap;
mod packet_id;
mod packet_size;
mod property;
mod qos_1;
mod qos_2_in;
mod qos_2_out;
mod receive_maximum_in;
mod receive_maximum_out;
mod resume;
mod retain;
mod retain_flag;
mod retain_handling;
mod retain_owed;
mod small_answers;
mod topic_name;

/// The tests of each file.
pub(super) const AREA: &[&[Case]] = &[
    acknowledgement::CASES,
    alias_in::CASES,
    alias_out::CASES,
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
    qos_2_in::CASES,
    qos_2_out::CASES,
    receive_maximum_in::CASES,
    receive_maximum_out::CASES,
    resume::CASES,
    retain::CASES,
    retain_flag::CASES,
    retain_handling::CASES,
    retain_owed::CASES,
    small_answers::CASES,
    topic_name::CASES,
];
