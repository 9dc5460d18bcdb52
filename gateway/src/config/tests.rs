//! Valid configurations, and the errors for invalid ones.

mod book;
mod effective;
mod faults;
mod files;
mod schema;

use tidegate_transports::websocket::WebSocketConfig;
use tidegate_transports::{Endpoint, ListenerConfig};

use super::{Address, Config, Listener, Transport, parse};

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
    assert_eq!(config.session.session_expiry_max, 604_800);
    assert_eq!(config.session.packet_size_max, 262_144);
    assert_eq!(config.persistence.interval.as_millis(), 50);
    assert_eq!((config.drain_timeout.duration().as_millis(), config.strict), (2_500, true));
    let wss = config.listeners().nth(3).unwrap();
    let tcp = config.session_of(config.listeners().next().unwrap());
    assert_eq!((tcp.packet_size_max, tcp.inflight_max, tcp.subscriptions_max), (1024, 10, 2));
    assert_eq!((wss.path(), wss.connect_timeout.to_seconds()), ("/broker", 5));
}

#[test]
fn a_serialized_configuration_parses_to_the_same_value() {
    for config in [parse(EVERY_FIELD).unwrap(), Config::default()] {
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(parse(&json).unwrap(), config, "JSON is YAML");
    }
}

#[test]
fn the_defaults_of_a_listener_are_those_of_the_transports() {
    let address = "127.0.0.1:1883".parse().unwrap();
    let listener = Listener::new("one", Transport::Ws, Address::Socket(address));
    let settings = ListenerConfig::new(Endpoint::Tcp { address });
    assert_eq!(listener.handshake_timeout.duration(), settings.handshake_timeout);
    assert_eq!(listener.connections_max.to_usize(), settings.connections_max);
    let websocket = WebSocketConfig::default();
    assert_eq!(listener.path(), websocket.path);
    assert_eq!(Some(listener.ping_interval().duration()), websocket.ping_interval);
}

const EVERY_FIELD: &str = r#"
listeners:
  - name: tcp
    transport: tcp
    address: 0.0.0.0:1883
    connections_max: 5000
    session:
      session_expiry_max: 1h
      receive_maximum: 7
      packet_size_max: 1KiB
      topic_alias_maximum: 1
      outgoing_alias_max: 1
      qos_max: 0
      retain_available: true
      wildcard_available: true
      identifier_available: true
      shared_available: true
      keep_alive_max: 1m
      inflight_max: 20
      queue_len_max: 3
      queue_bytes_max: 1MiB
      overflow: drop_newest
      pending_bytes_high: 4KiB
      pending_bytes_max: 1MiB
      client_id_len_max: 32B
      client_id_strict: false
      response_information: tcp
      subscriptions_max: 2
      ack_queue_len_max: 20
      close_timeout: 1s
  - { name: tls, transport: tls, address: "[::]:8883", tls: { certificate: a.pem, key: a.key } }
  - { name: ws, transport: ws, address: "127.0.0.1:8083" }
  - name: wss
    transport: wss
    address: 127.0.0.1:8084
    path: /broker
    handshake_timeout: 3s
    ping_interval: 0s
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
  ack_queue_len_max: 10
  close_timeout: 2s
routing:
  shared_strategy: least_inflight
  levels_max: 16
  wildcards_max: 4
  subscriptions_max: 1000
  candidates_max: 8
retained:
  messages_max: 10
  bytes_max: 1MiB
persistence:
  durability: interval
  interval: 50ms
  size_max: 1GiB
  downtime_max: 1h
cores: 3
drain_timeout: 2500ms
strict: true
log:
  format: json
  level: debug
"#;
