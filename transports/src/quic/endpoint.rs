//! The settings of quinn's endpoints, for servers and clients.

use std::sync::Arc;

use quinn::crypto::rustls::{NoInitialCipherSuite, QuicServerConfig};
use quinn::{EndpointConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig, TransportConfig, VarInt};

use super::{QuicConfig, QuicKeys};

/// Creates the settings of a listener's endpoint: the reset key, the connection ids and the reset interval.
pub(crate) fn endpoint_config(keys: &QuicKeys, config: &QuicConfig) -> EndpointConfig {
    let mut endpoint = EndpointConfig::new(keys.reset());
    let keys = keys.clone();
    endpoint
        .cid_generator(move || Box::new(keys.connection_ids()))
        .min_reset_interval(config.reset_interval_min);
    endpoint
}

/// Creates the settings of one listener.
pub(crate) fn server_config(
    tls: Arc<rustls::ServerConfig>,
    config: &QuicConfig,
) -> Result<ServerConfig, NoInitialCipherSuite> {
    let mut server = ServerConfig::with_crypto(Arc::new(server_crypto(tls)?));
    server
        .transport_config(Arc::new(transport_config(config, granted_streams(config))))
        .max_incoming(INCOMING_MAX)
        .incoming_buffer_size(INCOMING_BUFFER_MAX)
        .incoming_buffer_size_total(INCOMING_BUFFER_TOTAL_MAX);
    Ok(server)
}

/// Creates the part of a listener's settings that depends on the certificate.
pub(crate) fn server_crypto(
    tls: Arc<rustls::ServerConfig>,
) -> Result<QuicServerConfig, NoInitialCipherSuite> {
    QuicServerConfig::try_from(tls)
}

/// Creates the settings of a connection whose peer may open `streams` bidirectional streams at the same time.
pub(super) fn transport_config(config: &QuicConfig, streams: u32) -> TransportConfig {
    let mut transport = TransportConfig::default();
    // MTU discovery uses two probes instead of five. Each probe is a full datagram of padding, which the peer must
    // decrypt.
    let mut mtu_discovery = MtuDiscoveryConfig::default();
    mtu_discovery.minimum_change(MTU_CHANGE_MIN);
    transport
        .mtu_discovery_config(Some(mtu_discovery))
        .stream_receive_window(VarInt::from_u32(config.stream_window))
        .receive_window(VarInt::from_u32(config.connection_window))
        .send_window(u64::from(config.connection_window))
        .max_concurrent_bidi_streams(VarInt::from_u32(streams))
        .max_concurrent_uni_streams(VarInt::from_u32(0))
        .datagram_receive_buffer_size(None)
        .max_idle_timeout(
            config
                .idle_timeout
                .map(|timeout| IdleTimeout::try_from(timeout).unwrap_or(IdleTimeout::from(VarInt::MAX))),
        )
        .keep_alive_interval(config.keep_alive);
    transport
}

/// Returns how many bidirectional streams a client may open. If only the first stream is served, the client may still
/// open some more, because it would otherwise wait for permission instead of being refused.
fn granted_streams(config: &QuicConfig) -> u32 {
    if config.streams_max > 1 { config.streams_max } else { 1 + REFUSED_STREAMS_MAX }
}

/// Number of additional streams that a client may have open until they are refused: clients open at most a few streams
/// before they notice that only the first is served.
const REFUSED_STREAMS_MAX: u32 = 3;
/// Number of bytes: MTU discovery stops when the next probe would increase the MTU by less than this. A smaller gain is
/// not worth a lost probe.
const MTU_CHANGE_MIN: u16 = 100;
/// Maximum number of connection attempts that may wait to be accepted. Further ones are refused. It is the same as the
/// default backlog of a TCP listener.
const INCOMING_MAX: usize = 1024;
/// Maximum number of bytes buffered for one waiting connection attempt. It holds the first flight of a handshake with
/// early data; further datagrams are dropped and sent again.
const INCOMING_BUFFER_MAX: u64 = 16 * 1024;
/// Maximum number of bytes buffered for all waiting connection attempts together. Attempts are accepted at once, so few
/// wait at the same time.
const INCOMING_BUFFER_TOTAL_MAX: u64 = 4 * 1024 * 1024;
