//! From the configuration to the settings of each crate.

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_routing::{Config as RoutingConfig, Strategy};
use tidegate_session::{Config as SessionConfig, Overflow};

use crate::broker::BrokerConfig;
use crate::config::{self, Config, Routing, SessionLimits, SharedStrategy};

/// What the broker is set to.
pub(super) fn broker(config: &Config) -> BrokerConfig {
    BrokerConfig { session: Arc::new(session(&config.session)), routing: routing(&config.routing) }
}

fn session(limits: &SessionLimits) -> SessionConfig {
    SessionConfig {
        session_expiry_max: limits.session_expiry_max.to_seconds(),
        receive_maximum: limits.receive_maximum.to_u16(),
        packet_size_max: limits.packet_size_max.to_u32(),
        topic_alias_maximum: limits.topic_alias_maximum.to_u16(),
        outgoing_alias_max: limits.outgoing_alias_max.to_u16(),
        qos_max: u8::try_from(limits.qos_max.value()).ok().and_then(|qos| QoS::try_from(qos).ok()).unwrap_or(QoS::ExactlyOnce),
        retain_available: limits.retain_available,
        wildcard_available: limits.wildcard_available,
        identifier_available: limits.identifier_available,
        shared_available: limits.shared_available,
        keep_alive_max: u16::try_from(limits.keep_alive_max.to_seconds()).unwrap_or(u16::MAX),
        client_id_len_max: limits.client_id_len_max.to_usize(),
        inflight_max: limits.inflight_max.to_u16(),
        queue_len_max: limits.queue_len_max.to_usize(),
        queue_bytes_max: limits.queue_bytes_max.to_usize(),
        overflow: overflow(limits.overflow),
        pending_bytes_high: limits.pending_bytes_high.to_usize(),
        pending_bytes_max: limits.pending_bytes_max.to_usize(),
        subscriptions_max: limits.subscriptions_max.to_usize(),
        ..SessionConfig::default()
    }
}

fn overflow(overflow: config::Overflow) -> Overflow {
    match overflow {
        config::Overflow::DropOldest => Overflow::DropOldest,
        config::Overflow::DropNewest => Overflow::DropNewest,
        config::Overflow::Reject => Overflow::Reject,
    }
}

fn routing(routing: &Routing) -> RoutingConfig {
    let strategy = match routing.shared_strategy {
        SharedStrategy::RoundRobin => Strategy::RoundRobin,
        SharedStrategy::Random => Strategy::Random,
        SharedStrategy::Sticky => Strategy::Sticky,
        SharedStrategy::LeastInflight => Strategy::LeastInflight,
    };
    RoutingConfig { levels_max: routing.levels_max.to_usize(), strategy, ..RoutingConfig::default() }
}
