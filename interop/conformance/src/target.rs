//! The broker under test: Tidegate processes with the configurations that the tests need, or another broker.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::transport::Transport;

use crate::case::BrokerConfig;
use crate::counterpart::Counterpart;
use crate::link::{Endpoint, Trust};

/// The broker to run the tests against.
pub(crate) enum Target {
    /// Tidegate, with one process for each configuration. The keys are the lines added to the configuration file.
    Tidegate(HashMap<&'static str, BrokerProcess>),
    /// A broker that is already running, at the URL of the option `--target`.
    External(Arc<Endpoint>),
    /// Another broker, started by this program.
    Counterpart(Counterpart),
}

/// One Tidegate process and its listeners.
pub(crate) struct BrokerProcess {
    broker: Broker,
    endpoints: HashMap<Transport, Arc<Endpoint>>,
}

impl Target {
    /// Starts one Tidegate process for each distinct configuration.
    pub(crate) fn start(broker_configs: impl Iterator<Item = &'static BrokerConfig>) -> Self {
        let mut running = HashMap::new();
        for broker_config in broker_configs {
            running.entry(broker_config.yaml).or_insert_with(|| BrokerProcess::start(broker_config));
        }
        Self::Tidegate(running)
    }

    /// Returns the running broker at `url` as the target. `authority` is a PEM file with the certificate authorities to
    /// trust.
    pub(crate) fn external(url: &str, authority: Option<&PathBuf>) -> Result<Self, String> {
        let trust = authority.map_or_else(|| Ok(Trust::none()), |file| Trust::read_authorities(file))?;
        Ok(Self::External(Arc::new(Endpoint::parse(url, trust)?)))
    }

    /// Returns the listeners against which to run a test that needs this configuration. The list is empty if the target
    /// does not support the configuration.
    pub(crate) fn endpoints(&self, broker_config: &BrokerConfig) -> Vec<Arc<Endpoint>> {
        let endpoint = match self {
            Self::Tidegate(running) => {
                let running = running.get(broker_config.yaml).expect("a process for each configuration");
                return broker_config
                    .transports
                    .iter()
                    .map(|name| Arc::clone(&running.endpoints[name]))
                    .collect();
            }
            Self::External(endpoint) => endpoint,
            Self::Counterpart(counterpart) => &counterpart.endpoint,
        };
        let is_supported =
            !broker_config.tidegate_only && broker_config.transports.contains(&endpoint.transport);
        if is_supported { vec![Arc::clone(endpoint)] } else { Vec::new() }
    }

    /// Stops the Tidegate processes, each of which has to exit successfully. Returns the log lines in which they report
    /// a panic.
    pub(crate) fn stop(self) -> Vec<String> {
        let Self::Tidegate(running) = self else { return Vec::new() };
        let panics = running.values().flat_map(|running| running.broker.panics()).collect();
        running.into_values().for_each(|running| running.broker.stop());
        panics
    }
}

impl BrokerProcess {
    fn start(broker_config: &BrokerConfig) -> Self {
        let broker = Broker::start_with(
            Config::every_transport()
                .with(broker_config.yaml)
                .with_connect_timeout(broker_config.connect_timeout),
        );
        let trust =
            Trust::read_authorities(broker.authority()).expect("the certificate authority of the test");
        let endpoint = |transport| {
            let endpoint = Endpoint {
                transport,
                host: "localhost".to_owned(),
                port: broker.port(transport),
                path: "/mqtt".to_owned(),
                trust: trust.clone(),
                is_tidegate: true,
            };
            (transport, Arc::new(endpoint))
        };
        let endpoints = Transport::ALL.into_iter().map(endpoint).collect();
        Self { broker, endpoints }
    }
}
