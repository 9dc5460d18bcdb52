//! A conformance test: its name, the statements that it covers, and the broker configuration that it needs.

use std::future::Future;
use std::pin::Pin;

use tidegate_interop::transport::Transport;

use crate::harness::Harness;
use crate::wire::Version;

/// The body of a test. The body panics when the broker breaks the rule.
pub(crate) type Body = &'static (dyn Fn(Harness) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync);

/// One conformance test.
pub(crate) struct Case {
    /// The name of the test function.
    pub(crate) name: &'static str,
    /// The path of the module that defines it.
    pub(crate) module: &'static str,
    pub(crate) broker_config: &'static BrokerConfig,
    /// The statements (`MQTT5-3.1.2-4`, `MQTT3-3.1.2-6`) and traps (`TRAP5-51`, `TRAP3-51`) that the test covers. The
    /// digit 5 or 3 names the protocol version in which the test covers the statement: MQTT 5.0 or 3.1.1. The test runs
    /// in all versions that occur in its list.
    pub(crate) covers: &'static [&'static str],
    pub(crate) run: Body,
}

impl Case {
    /// Returns the protocol versions in which the test runs.
    pub(crate) fn versions(&self) -> Vec<Version> {
        [Version::V3, Version::V5].into_iter().filter(|version| self.ids(*version).next().is_some()).collect()
    }

    /// Returns the ids of the statements and traps that the test covers in one protocol version.
    pub(crate) fn ids(&self, version: Version) -> impl Iterator<Item = &'static str> {
        let digit = if version == Version::V5 { '5' } else { '3' };
        self.covers
            .iter()
            .copied()
            .filter(move |id| id.split('-').next().is_some_and(|head| head.ends_with(digit)))
    }

    /// Returns the path of the test function, `module::name`. The module path is relative to `suite`.
    pub(crate) fn path(&self) -> String {
        let module = self.module.split("suite::").nth(1).unwrap_or(self.module);
        format!("{module}::{}", self.name)
    }
}

/// The broker configuration that a test needs, and the transports it runs over.
#[derive(Debug)]
pub(crate) struct BrokerConfig {
    /// The lines to add to the configuration file of the broker. Tests with equal lines share a broker process.
    pub(crate) yaml: &'static str,
    /// The time that Tidegate waits for CONNECT. The default is far longer than
    /// [`RECEIVE_TIMEOUT`](crate::client::RECEIVE_TIMEOUT): if a test waits until the broker closes a connection, this
    /// timeout is never the cause of the close.
    pub(crate) connect_timeout: &'static str,
    /// Whether the test relies on a setting that only Tidegate has, or on Tidegate's choice where the standard leaves
    /// one. Such a test is skipped against other brokers.
    pub(crate) tidegate_only: bool,
    pub(crate) transports: &'static [Transport],
}

/// Any broker with its default configuration.
pub(crate) const DEFAULT: BrokerConfig =
    BrokerConfig { yaml: "", connect_timeout: "5m", tidegate_only: false, transports: &Transport::ALL };
/// Tidegate with its default configuration. The test relies on a choice that other brokers make differently.
pub(crate) const TIDEGATE_ONLY: BrokerConfig = BrokerConfig { tidegate_only: true, ..DEFAULT };
/// Any broker with its default configuration, for tests of rules about WebSocket. Tests with this configuration run
/// over WebSocket only.
pub(crate) const WEB_SOCKET_ONLY: BrokerConfig =
    BrokerConfig { transports: &[Transport::Ws, Transport::Wss], ..DEFAULT };
/// Any broker with its default configuration, for a test that runs over TCP only, because it sends very many messages
/// and does not depend on the transport.
pub(crate) const TCP_ONLY: BrokerConfig = BrokerConfig { transports: &[Transport::Tcp], ..DEFAULT };
/// The broker supports at most QoS 1.
pub(crate) const MAXIMUM_QOS_1: BrokerConfig =
    BrokerConfig { yaml: "session:\n  qos_max: 1\n", ..TIDEGATE_ONLY };
/// The broker supports only QoS 0.
pub(crate) const MAXIMUM_QOS_0: BrokerConfig =
    BrokerConfig { yaml: "session:\n  qos_max: 0\n", ..TIDEGATE_ONLY };
/// The broker does not support retained messages.
pub(crate) const NO_RETAIN: BrokerConfig =
    BrokerConfig { yaml: "session:\n  retain_available: false\n", ..TIDEGATE_ONLY };
/// The broker accepts no topic aliases from clients.
pub(crate) const NO_TOPIC_ALIAS: BrokerConfig =
    BrokerConfig { yaml: "session:\n  topic_alias_maximum: 0\n", ..TIDEGATE_ONLY };
/// The broker announces Receive Maximum 5, accepts packets of at most 1,024 bytes and client identifiers of at most 23
/// bytes, and sends Response Information.
pub(crate) const LOW_LIMITS: BrokerConfig = BrokerConfig {
    yaml: "session:\n  receive_maximum: 5\n  packet_size_max: 1KiB\n  client_id_len_max: 23B\n  response_information: answers\n",
    ..TIDEGATE_ONLY
};
/// The broker supports no wildcards, no shared subscriptions and no subscription identifiers.
pub(crate) const NO_OPTIONAL_FEATURES: BrokerConfig = BrokerConfig {
    yaml: "session:\n  wildcard_available: false\n  shared_available: false\n  identifier_available: false\n",
    ..TIDEGATE_ONLY
};
/// The broker limits the keep alive to 2 s, and the session expiry interval to 2 s.
pub(crate) const SHORT_LIMITS: BrokerConfig =
    BrokerConfig { yaml: "session:\n  keep_alive_max: 2s\n  session_expiry_max: 2s\n", ..TIDEGATE_ONLY };
/// The queue of a session has room for one message. If the queue is full, the publisher gets PUBACK or PUBREC with
/// reason code 0x97.
pub(crate) const REJECT_WHEN_FULL: BrokerConfig =
    BrokerConfig { yaml: "session:\n  queue_len_max: 1\n  overflow: reject\n", ..TIDEGATE_ONLY };

/// The broker waits two seconds for CONNECT, then closes the connection.
pub(crate) const SHORT_CONNECT_TIMEOUT: BrokerConfig =
    BrokerConfig { yaml: "# short connect timeout\n", connect_timeout: "2s", ..TIDEGATE_ONLY };
/// Any broker with its default configuration, for tests that subscribe to filters such as `#`, which match the topics
/// of all tests. Only these tests use the broker process.
pub(crate) const SEPARATE_BROKER: BrokerConfig = BrokerConfig { yaml: "# separate broker\n", ..DEFAULT };

/// Declares the tests of a module as `name [CONFIG]: "ID", "ID";`. Each is an `async fn name(harness: Harness)`.
macro_rules! cases {
    ($($name:ident $([$broker_config:ident])?: $($id:literal),+ $(,)?;)+) => {
        pub(super) const CASES: &[$crate::case::Case] = &[$($crate::case::Case {
            name: stringify!($name),
            module: module_path!(),
            broker_config: $crate::case::broker_config!($($broker_config)?),
            covers: &[$($id),+],
            run: &|harness| Box::pin($name(harness)),
        }),+];
    };
}
macro_rules! broker_config {
    () => {
        &$crate::case::DEFAULT
    };
    ($broker_config:ident) => {
        &$crate::case::$broker_config
    };
}
pub(crate) use {broker_config, cases};
