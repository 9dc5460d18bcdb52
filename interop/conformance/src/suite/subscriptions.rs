//! Subscriptions: SUBSCRIBE, UNSUBSCRIBE, topic filters, shared subscriptions. Also PINGREQ, DISCONNECT and WebSocket.

use crate::case::Case;

mod disconnect;
mod dollar_topics;
mod filters;
mod granted_qos;
mod no_local;
mod overlapping;
mod ping;
mod properties;
mod replacement;
mod server_disconnect;
mod shared_delivery;
mod shared_filters;
mod shared_members;
mod suback;
mod subscribe;
mod topic_names;
mod topic_text;
mod unavailable_features;
mod unsubscribe;
mod unsubscribed_delivery;
mod violations;
mod web_socket;

/// The tests of each file in this area.
pub(super) const AREA: &[&[Case]] = &[
    subscribe::CASES,
    suback::CASES,
    granted_qos::CASES,
    replacement::CASES,
    no_local::CASES,
    overlapping::CASES,
    unsubscribe::CASES,
    unsubscribed_delivery::CASES,
    filters::CASES,
    topic_names::CASES,
    topic_text::CASES,
    dollar_topics::CASES,
    unavailable_features::CASES,
    shared_filters::CASES,
    shared_delivery::CASES,
    shared_members::CASES,
    ping::CASES,
    disconnect::CASES,
    server_disconnect::CASES,
    properties::CASES,
    violations::CASES,
    web_socket::CASES,
];
