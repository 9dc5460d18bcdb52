//! Converts the configuration to the settings of each crate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_broker::BrokerConfig;
use tidegate_limits::{Connections, ConnectionsConfig, Handshakes, HandshakesConfig};
use tidegate_mqtt::QoS;
use tidegate_persistence::Config as StoreConfig;
use tidegate_routing::{Config as RoutingConfig, RetainedConfig, Strategy};
use tidegate_session::{Config as SessionConfig, Overflow};
use tidegate_transports::quic::{QuicConfig, QuicSecret};
use tidegate_transports::tls::{MaterialError, ServerMaterial};
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, Limits, ListenerConfig};

use crate::config::{
    self, Address, Config, Durability, Listener, Persistence, Placement, Retained, Routing, SessionLimits,
    SharedStrategy, Transport,
};
use crate::cores::Policy;

/// Returns the settings of the broker core.
pub(super) fn broker_config(config: &Config) -> BrokerConfig {
    BrokerConfig {
        session: Arc::new(session_config(
            &config.session,
            config.persistence.durability != Durability::Memory,
        )),
        routing: routing_config(&config.routing),
        retained: retained_config(&config.retained),
        tenants_max: BrokerConfig::TENANTS_MAX,
        turn_budget: BrokerConfig::TURN_BUDGET,
    }
}

/// Returns the policy that places connections on cores.
pub(super) fn placement_policy(placement: Placement) -> Policy {
    match placement {
        Placement::Packed => Policy::Packed,
        Placement::Spread => Policy::Spread,
        Placement::Restless => Policy::Restless,
    }
}

/// Returns the settings of the store; `None` with `durability: memory`.
pub(super) fn store_config(persistence: &Persistence, data: &Path) -> Option<StoreConfig> {
    let durability = match persistence.durability {
        Durability::Always => tidegate_persistence::Durability::Always,
        Durability::Interval => tidegate_persistence::Durability::Interval(persistence.interval.duration()),
        Durability::Memory => return None,
    };
    let defaults = StoreConfig::new(store_folder(data));
    let size_max = persistence.size_max.to_usize();
    let downtime_max = persistence.downtime_max.duration();
    Some(StoreConfig { durability, size_max, downtime_max, ..defaults })
}

/// Returns the path of the store's folder in the data folder.
pub fn store_folder(data: &Path) -> PathBuf {
    data.join("store")
}

/// Returns the path of the data file of the store.
pub(super) fn store_file(data: &Path) -> PathBuf {
    store_folder(data).join("data.mdb")
}

/// Returns the limits that all listeners share.
pub(super) fn transport_limits(limits: &config::Limits) -> Limits {
    Limits {
        handshakes: Handshakes::new(HandshakesConfig {
            total_max: limits.handshakes_max.to_usize(),
            source_max: limits.handshakes_per_source_max.to_usize(),
            retry_from: limits.retry_from.to_usize(),
        }),
        connections: Connections::new(ConnectionsConfig { total_max: limits.connections_max.to_usize() }),
    }
}

/// The settings of a QUIC listener that are the same for all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quic {
    secret: QuicSecret,
    config: QuicConfig,
}

/// `secret` should outlive the process.
pub(super) fn quic_settings(limits: &config::Limits, secret: QuicSecret) -> Quic {
    let reset_interval_min = limits.quic_reset_interval_min.duration();
    Quic { secret, config: QuicConfig { reset_interval_min, ..QuicConfig::default() } }
}

/// Returns the settings of a listener. Reads its certificate and key from their files.
pub(super) fn listener_config(listener: &Listener, quic: &Quic) -> Result<ListenerConfig, MaterialError> {
    let endpoint = match &*listener.address {
        Address::Path(path) => Endpoint::Unix { path: path.clone(), mode: UNIX_SOCKET_MODE },
        Address::Socket(address) => network_endpoint(listener, *address, quic)?,
    };
    let mut settings = ListenerConfig::new(endpoint);
    settings.handshake_timeout = listener.handshake_timeout.duration();
    settings.connections_max = listener.connections_max.to_usize();
    Ok(settings)
}

fn network_endpoint(
    listener: &Listener,
    address: SocketAddr,
    quic: &Quic,
) -> Result<Endpoint, MaterialError> {
    let websocket = WebSocketConfig { path: listener.path().to_owned(), ..WebSocketConfig::default() };
    Ok(match listener.transport {
        Transport::Tls => Endpoint::Tls { address, material: server_material(listener)? },
        Transport::Ws => Endpoint::WebSocket { address, config: websocket },
        Transport::Wss => {
            Endpoint::SecureWebSocket { address, material: server_material(listener)?, config: websocket }
        }
        Transport::Quic => {
            let keys = quic.secret.keys(&listener.name);
            Endpoint::Quic { address, material: server_material(listener)?, keys, config: quic.config }
        }
        // Validation guarantees that a Unix listener has a path as its address.
        Transport::Tcp | Transport::Unix => Endpoint::Tcp { address },
    })
}

/// Reads the certificate and key of an encrypted listener from their files.
pub(super) fn server_material(listener: &Listener) -> Result<ServerMaterial, MaterialError> {
    let Some(files) = &listener.tls else {
        unreachable!("validation requires a certificate for an encrypted listener")
    };
    ServerMaterial::from_pem_files(&files.certificate, &files.key)
}

fn session_config(limits: &SessionLimits, change_log: bool) -> SessionConfig {
    SessionConfig {
        session_expiry_max: limits.session_expiry_max.to_seconds(),
        receive_maximum: limits.receive_maximum.to_u16(),
        packet_size_max: limits.packet_size_max.to_u32(),
        topic_alias_maximum: limits.topic_alias_maximum.to_u16(),
        outgoing_alias_max: limits.outgoing_alias_max.to_u16(),
        qos_max: u8::try_from(limits.qos_max.value())
            .ok()
            .and_then(|qos| QoS::try_from(qos).ok())
            .unwrap_or(QoS::ExactlyOnce),
        retain_available: limits.retain_available,
        wildcard_available: limits.wildcard_available,
        identifier_available: limits.identifier_available,
        shared_available: limits.shared_available,
        keep_alive_max: u16::try_from(limits.keep_alive_max.to_seconds()).unwrap_or(u16::MAX),
        client_id_len_max: limits.client_id_len_max.to_usize(),
        client_id_strict: limits.client_id_strict,
        response_information: limits.response_information.as_deref().map(Arc::from),
        inflight_max: limits.inflight_max.to_u16(),
        queue_len_max: limits.queue_len_max.to_usize(),
        queue_bytes_max: limits.queue_bytes_max.to_usize(),
        overflow: overflow_policy(limits.overflow),
        pending_bytes_high: limits.pending_bytes_high.to_usize(),
        pending_bytes_max: limits.pending_bytes_max.to_usize(),
        subscriptions_max: limits.subscriptions_max.to_usize(),
        change_log,
    }
}

fn overflow_policy(overflow: config::Overflow) -> Overflow {
    match overflow {
        config::Overflow::DropOldest => Overflow::DropOldest,
        config::Overflow::DropNewest => Overflow::DropNewest,
        config::Overflow::Reject => Overflow::Reject,
    }
}

fn routing_config(routing: &Routing) -> RoutingConfig {
    let strategy = match routing.shared_strategy {
        SharedStrategy::RoundRobin => Strategy::RoundRobin,
        SharedStrategy::Random => Strategy::Random,
        SharedStrategy::Sticky => Strategy::Sticky,
        SharedStrategy::LeastInflight => Strategy::LeastInflight,
    };
    RoutingConfig {
        levels_max: routing.levels_max.to_usize(),
        wildcards_max: routing.wildcards_max.to_usize(),
        subscriptions_max: routing.subscriptions_max.to_usize(),
        strategy,
        candidates_max: routing.candidates_max.to_usize(),
    }
}

fn retained_config(retained: &Retained) -> RetainedConfig {
    RetainedConfig { len_max: retained.messages_max.to_usize(), bytes_max: retained.bytes_max.to_usize() }
}

/// Permissions of Unix sockets: the owner and the group may connect.
const UNIX_SOCKET_MODE: u32 = 0o660;
