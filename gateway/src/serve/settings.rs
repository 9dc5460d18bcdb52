//! Converts the configuration to the settings of each crate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidegate_broker::BrokerConfig;
use tidegate_limits::{Config as LimitsConfig, Connections, Handshakes};
use tidegate_persistence::{Config as StoreConfig, Durability};
use tidegate_session::{Config as SessionConfig, Overflow};
use tidegate_transports::quic::{QuicConfig, QuicSecret};
use tidegate_transports::tls::{MaterialError, ServerMaterial};
use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, Limits, ListenerConfig};

use crate::config::{Address, Config, Listener, Placement, Transport};
use crate::cores::Policy;

/// Returns the settings of the broker core.
pub(super) fn broker_config(config: &Config) -> BrokerConfig {
    let rejects = |listener| config.session_of(listener).overflow == Overflow::Reject;
    BrokerConfig {
        session: Arc::new(with_change_log(config, config.session.clone())),
        has_rejecting_listener: config.listeners().any(rejects),
        routing: config.routing.clone(),
        retained: config.retained.clone(),
        tenants_max: BrokerConfig::TENANTS_MAX,
        turn_budget: BrokerConfig::TURN_BUDGET,
    }
}

/// Returns the limits of the connections of a listener: `general` itself if the listener has none of its own.
pub(super) fn session_config(
    config: &Config,
    listener: &Listener,
    general: &Arc<SessionConfig>,
) -> Arc<SessionConfig> {
    if listener.session.is_none() {
        return Arc::clone(general);
    }
    Arc::new(with_change_log(config, config.session_of(listener)))
}

/// Returns `session` with the setting that sessions record their changes if there is a store.
fn with_change_log(config: &Config, session: SessionConfig) -> SessionConfig {
    SessionConfig { change_log: config.persistence.durability != Durability::Memory, ..session }
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
pub(super) fn store_config(persistence: &StoreConfig, data: &Path) -> Option<StoreConfig> {
    if persistence.durability == Durability::Memory {
        return None;
    }
    Some(StoreConfig { folder: store_folder(data), ..persistence.clone() })
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
pub(super) fn transport_limits(limits: &LimitsConfig) -> Limits {
    Limits { handshakes: Handshakes::new(limits), connections: Connections::new(limits) }
}

/// The settings that all QUIC listeners share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quic {
    secret: QuicSecret,
    config: QuicConfig,
}

/// Returns the settings that all QUIC listeners share. `secret` should be the same after a restart of the process.
pub(super) fn quic_settings(limits: &LimitsConfig, secret: QuicSecret) -> Quic {
    let reset_interval_min = limits.quic_reset_interval_min;
    Quic { secret, config: QuicConfig { reset_interval_min, ..QuicConfig::default() } }
}

/// Returns the settings of a listener. Reads its certificate and key from their files.
pub(super) fn listener_config(listener: &Listener, quic: &Quic) -> Result<ListenerConfig, MaterialError> {
    let endpoint = match &*listener.address {
        Address::Path(path) => Endpoint::Unix { path: path.clone(), mode: UNIX_SOCKET_MODE },
        Address::Socket(address) => network(listener, *address, quic)?,
    };
    let mut settings = ListenerConfig::new(endpoint);
    settings.handshake_timeout = listener.handshake_timeout.duration();
    settings.connections_max = listener.connections_max.to_usize();
    Ok(settings)
}

fn network(listener: &Listener, address: SocketAddr, quic: &Quic) -> Result<Endpoint, MaterialError> {
    let ping_interval = listener.ping_interval().duration();
    let websocket = WebSocketConfig {
        path: listener.path().to_owned(),
        ping_interval: Some(ping_interval).filter(|interval| !interval.is_zero()),
        ..WebSocketConfig::default()
    };
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

/// Permissions of Unix sockets: the owner and the group may connect.
const UNIX_SOCKET_MODE: u32 = 0o660;
