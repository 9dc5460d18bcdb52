//! A test as the runner sees it: its name, the statements it covers, and the broker configuration it needs.

use std::future::Future;
use std::pin::Pin;

use tidegate_interop::transport::Transport;

use crate::harness::Harness;
use crate::wire::Version;

/// The body of a test. It panics when the broker breaks the rule.
pub(crate) type Body = &'static (dyn Fn(Harness) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync);

/// One test.
pub(crate) struct Case {
    /// The name of the test function.
    pub(crate) name: &'static str,
    /// The path of the module that defines it.
    pub(crate) module: &'static str,
    pub(crate) broker_config: &'static BrokerConfig,
    /// The statements (`MQTT5-3.1.2-4`, `MQTT3-3.1.2-6`) and traps (`TRAP5-51`, `TRAP3-51`) that the test covers. The
    /// digit 5 or 3 names a protocol version to run it in, MQTT 5.0 or 3.1.1.
    pub(crate) covers: &'static [&'static str],
    pub(crate) run: Body,
}

impl Case {
    /// The protocol versions to run the test in.
    pub(crate) fn versions(&self) -> Vec<Version> {
        [Version::V3, Version::V5].into_iter().filter(|version| self.ids(*version).next().is_some()).collect()
    }

    /// The statements and traps that the test covers in one protocol version.
    pub(crate) fn ids(&self, version: Version) -> impl Iterator<Item = &'static str> {
        let digit = if version == Version::V5 { '5' } else { '3' };
        self.covers
            .iter()
            .copied()
            .filter(move |id| id.split('-').next().is_some_and(|head| head.ends_with(digit)))
    }

    /// `module::name`, where the module path is relative to `suite`.
    pub(crate) fn path(&self) -> String {
        let module = self.module.split("suite::").nth(1).unwrap_or(self.module);
        format!("{module}::{}", self.name)
    }
}

/// The broker configuration that a test needs, and the transports it runs over.
#[derive(Debug)]
pub(crate) struct BrokerConfig {
    /// Lines to add to the configuration file. Tests with equal lines share a broker process.
    pub(crate) yaml: &'static str,
    /// How long Tidegate waits for CONNECT. The default is far longer than [`PATIENCE`](crate::client::PATIENCE), so
    /// that this timeout never causes a close that a test waits for.
    pub(crate) connect_timeout: &'static str,
    /// The test needs a setting or a choice that only Tidegate makes. It is skipped against other brokers.
    pub(crate) tidegate_only: bool,
    pub(crate) transports: &'static [Transport],
}

/// Any broker in its default configuration.
pub(crate) const DEFAULT: BrokerConfig =
    BrokerConfig { yaml: "", connect_timeout: "5m", tidegate_only: false, transports: &Transport::ALL };
/// Tidegate in its default configuration. The test relies on a choice that other brokers make differently.
pub(crate) const TIDEGATE_ONLY: BrokerConfig = BrokerConfig { tidegate_only: true, ..DEFAULT };
/// For rules about WebSocket.
pub(crate) const WEB_SOCKET_ONLY: BrokerConfig =
    BrokerConfig { transports: &[Transport::Ws, Transport::Wss], ..DEFAULT };
/// TCP alone, for a test that sends very many messages and does not depend on the transport.
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
/// Receive Maximum 5, packets of at most 1,024 bytes, client identifiers of at most 23 bytes, and Response Information.
pub(crate) const LOW_LIMITS: BrokerConfig = BrokerConfig {
    yaml: "session:\n  receive_maximum: 5\n  packet_size_max: 1KiB\n  client_id_len_max: 23B\n  response_information: answers\n",
    ..TIDEGATE_ONLY
};
/// The broker supports no wildcards, no shared subscriptions and no subscription identifiers.
pub(crate) const NO_OPTIONAL_FEATURES: BrokerConfig = BrokerConfig {
    yaml: "session:\n  wildcard_available: false\n  shared_available: false\n  identifier_available: false\n",
    ..TIDEGATE_ONLY
};
/// The keep alive is at most 2 s, and a session expires at most 2 s after its connection.
pub(crate) const SHORT_LIMITS: BrokerConfig =
    BrokerConfig { yaml: "session:\n  keep_alive_max: 2s\n  session_expiry_max: 2s\n", ..TIDEGATE_ONLY };
/// A queue holds one message. When it is full, the publisher gets PUBACK or PUBREC 0x97.
pub(crate) const REJECT_WHEN_FULL: BrokerConfig =
    BrokerConfig { yaml: "session:\n  queue_len_max: 1\n  overflow: reject\n", ..TIDEGATE_ONLY };

/// The broker waits two seconds for CONNECT.
pub(crate) const SHORT_CONNECT_TIMEOUT: BrokerConfig =
    BrokerConfig { yaml: "# short connect timeout\n", connect_timeout: "2s", ..TIDEGATE_ONLY };
/// A separate broker process, for tests with filters such as `#`, which match the topics of all tests.
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
