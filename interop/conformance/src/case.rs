//! A test as the runner sees it: its name, what it shows, what it needs.

use std::future::Future;
use std::pin::Pin;

use tidegate_interop::transport::Transport;

use crate::harness::Harness;
use crate::wire::Version;

/// The body of a test: it panics when the broker does not keep the rule.
pub(crate) type Body = &'static (dyn Fn(Harness) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync);

/// One test.
pub(crate) struct Case {
    /// The name of its function.
    pub(crate) name: &'static str,
    /// The module that it stands in.
    pub(crate) module: &'static str,
    pub(crate) broker_config: &'static BrokerConfig,
    /// What it shows: statements (`MQTT5-3.1.2-4`, `MQTT3-3.1.2-6`) and traps (`TRAP5-51`, `TRAP3-51`). The digit is
    /// the version that it runs in.
    pub(crate) covers: &'static [&'static str],
    pub(crate) run: Body,
}

impl Case {
    /// The versions that it runs in.
    pub(crate) fn versions(&self) -> Vec<Version> {
        [Version::V3, Version::V5].into_iter().filter(|version| self.ids(*version).next().is_some()).collect()
    }

    /// What it shows in one version.
    pub(crate) fn ids(&self, version: Version) -> impl Iterator<Item = &'static str> {
        let digit = if version == Version::V5 { '5' } else { '3' };
        self.covers
            .iter()
            .copied()
            .filter(move |id| id.split('-').next().is_some_and(|head| head.ends_with(digit)))
    }

    /// `module::name`, the modules below the suite.
    pub(crate) fn path(&self) -> String {
        let module = self.module.split("suite::").nth(1).unwrap_or(self.module);
        format!("{module}::{}", self.name)
    }
}

/// What a test needs of the broker.
#[derive(Debug)]
pub(crate) struct BrokerConfig {
    /// Further lines of the configuration.
    pub(crate) yaml: &'static str,
    /// How long Tidegate waits for CONNECT: far longer than a client waits for an end, so that no end is due to that.
    pub(crate) connect_timeout: &'static str,
    /// Whether only Tidegate can be set so: such tests are left out against other brokers.
    pub(crate) tidegate_only: bool,
    pub(crate) transports: &'static [Transport],
}

/// Any broker as it comes.
pub(crate) const DEFAULT: BrokerConfig =
    BrokerConfig { yaml: "", connect_timeout: "5m", tidegate_only: false, transports: &Transport::ALL };
/// Tidegate as it comes: the test relies on a choice that others make otherwise.
pub(crate) const TIDEGATE_ONLY: BrokerConfig = BrokerConfig { tidegate_only: true, ..DEFAULT };
/// A rule about WebSocket.
pub(crate) const WEB_SOCKET_ONLY: BrokerConfig =
    BrokerConfig { transports: &[Transport::Ws, Transport::Wss], ..DEFAULT };
/// A rule that takes very many messages and is the same over every transport.
pub(crate) const TCP_ONLY: BrokerConfig = BrokerConfig { transports: &[Transport::Tcp], ..DEFAULT };
/// At most QoS 1.
pub(crate) const MAXIMUM_QOS_1: BrokerConfig =
    BrokerConfig { yaml: "session:\n  qos_max: 1\n", ..TIDEGATE_ONLY };
/// At most QoS 0.
pub(crate) const MAXIMUM_QOS_0: BrokerConfig =
    BrokerConfig { yaml: "session:\n  qos_max: 0\n", ..TIDEGATE_ONLY };
/// No retained messages.
pub(crate) const NO_RETAIN: BrokerConfig =
    BrokerConfig { yaml: "session:\n  retain_available: false\n", ..TIDEGATE_ONLY };
/// No topic aliases from clients.
pub(crate) const NO_TOPIC_ALIAS: BrokerConfig =
    BrokerConfig { yaml: "session:\n  topic_alias_maximum: 0\n", ..TIDEGATE_ONLY };
/// A Receive Maximum of 5, packets of at most 1,024 bytes, identifiers of at most 23 bytes, Response Information.
pub(crate) const LOW_LIMITS: BrokerConfig = BrokerConfig {
    yaml: "session:\n  receive_maximum: 5\n  packet_size_max: 1KiB\n  client_id_len_max: 23B\n  response_information: answers\n",
    ..TIDEGATE_ONLY
};
/// No wildcards, no shared subscriptions, no subscription identifiers.
pub(crate) const NO_OPTIONAL_FEATURES: BrokerConfig = BrokerConfig {
    yaml: "session:\n  wildcard_available: false\n  shared_available: false\n  identifier_available: false\n",
    ..TIDEGATE_ONLY
};
/// No keep alive above 2 s, no session beyond 2 s.
pub(crate) const SHORT_LIMITS: BrokerConfig =
    BrokerConfig { yaml: "session:\n  keep_alive_max: 2s\n  session_expiry_max: 2s\n", ..TIDEGATE_ONLY };
/// A queue of one message, whose publisher hears when it is full: a way to PUBACK and PUBREC 0x97.
pub(crate) const REJECT_WHEN_FULL: BrokerConfig =
    BrokerConfig { yaml: "session:\n  queue_len_max: 1\n  overflow: reject\n", ..TIDEGATE_ONLY };

/// Two seconds to say CONNECT.
pub(crate) const SHORT_CONNECT_TIMEOUT: BrokerConfig =
    BrokerConfig { yaml: "# hasty\n", connect_timeout: "2s", ..TIDEGATE_ONLY };
/// A broker that no other test uses at the same time: for filters that would bring all their messages.
pub(crate) const EXCLUSIVE_BROKER: BrokerConfig = BrokerConfig { yaml: "# alone\n", ..DEFAULT };

/// Declares the tests of a module: `name [SETTING]: "ID", "ID";`, each an `async fn name(harness: Harness)`.
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
