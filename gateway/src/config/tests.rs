//! Valid configurations, and the errors for invalid ones.

mod faults;
mod files;
mod schema;

use super::{Config, Transport, parse};

#[test]
fn an_empty_file_gives_the_defaults() {
    for text in ["", "# a comment\n", "session: {}\nrouting: {}\nlog: {}\nlimits: {}\n"] {
        assert_eq!(parse(text).unwrap(), Config::default(), "{text:?}");
    }
}

#[test]
fn every_field_can_be_set() {
    let config = parse(EVERY_FIELD).unwrap();
    let transports: Vec<_> = config.listeners().map(|listener| listener.transport).collect();
    use Transport::{Quic, Tcp, Tls, Unix, Ws, Wss};
    assert_eq!(transports, [Tcp, Tls, Ws, Wss, Quic, Unix]);
    assert_eq!(config.cores(), 3);
    assert_eq!(config.session.session_expiry_max.to_seconds(), 604_800);
    assert_eq!(config.session.packet_size_max.bytes(), 262_144);
    assert_eq!((config.drain_timeout.duration().as_millis(), config.strict), (2_500, true));
    let wss = config.listeners().nth(3).unwrap();
    assert_eq!((wss.path(), wss.connect_timeout.to_seconds()), ("/broker", 5));
}

#[test]
fn a_serialized_configuration_parses_to_the_same_value() {
    let config = parse(EVERY_FIELD).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(parse(&json).unwrap(), config, "JSON is YAML");
}

const EVERY_FIELD: &str = r#"
listeners:
  - name: tcp
    transport: tcp
    address: 0.0.0.0:1883
    connections_max: 5000
  - { name: tls, transport: tls, address: "[::]:8883", tls: { certificate: a.pem, key: a.key } }
  - { name: ws, transport: ws, address: "127.0.0.1:8083" }
  - name: wss
    transport: wss
    address: 127.0.0.1:8084
    path: /broker
    handshake_timeout: 3s
    connect_timeout: 5s
    tls: { certificate: a.pem, key: a.key }
  - { name: quic, transport: quic, address: "127.0.0.1:14567", tls: { certificate: a.pem, key: a.key } }
  - { name: unix, transport: unix, address: /run/tidegate.sock }
limits:
  connections_max: 20000
  handshakes_max: 100
  handshakes_per_source_max: 10
  retry_from: 50
  quic_reset_interval_min: 20ms
session:
  session_expiry_max: 7d
  receive_maximum: 100
  packet_size_max: 256KiB
  topic_alias_maximum: 0
  outgoing_alias_max: 0
  qos_max: 1
  retain_available: false
  wildcard_available: false
  identifier_available: false
  shared_available: false
  keep_alive_max: 5m
  inflight_max: 10
  queue_len_max: 0
  queue_bytes_max: 1GiB
  overflow: reject
  pending_bytes_high: 64KiB
  pending_bytes_max: 128KiB
  client_id_len_max: 64B
  client_id_strict: true
  response_information: responses
  subscriptions_max: 5
routing:
  shared_strategy: least_inflight
  levels_max: 16
  wildcards_max: 4
  subscriptions_max: 1000
  candidates_max: 8
retained:
  messages_max: 10
  bytes_max: 1MiB
cores: 3
drain_timeout: 2500ms
strict: true
log:
  format: json
  level: debug
"#;
