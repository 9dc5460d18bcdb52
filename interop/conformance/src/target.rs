//! The broker under test: Tidegate's binary in the settings that the tests need, or another broker by URL.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;
use tidegate_interop::transport::Transport;

use crate::case::Setting;
use crate::counterpart::Counterpart;
use crate::link::{Endpoint, Trust};

/// Where to run the tests.
pub(crate) enum Target {
    /// Tidegate, one process for each configuration.
    Own(HashMap<&'static str, Running>),
    /// A broker that somebody runs.
    Other(Arc<Endpoint>),
    /// Another broker, run by us.
    Counterpart(Counterpart),
}

/// One process and its listeners.
pub(crate) struct Running {
    broker: Broker,
    endpoints: HashMap<Transport, Arc<Endpoint>>,
}

impl Target {
    /// Starts Tidegate for each setting.
    pub(crate) fn start(settings: impl Iterator<Item = &'static Setting>) -> Self {
        let mut running = HashMap::new();
        for setting in settings {
            running.entry(setting.yaml).or_insert_with(|| Running::start(setting));
        }
        Self::Own(running)
    }

    /// A broker at a URL, trusting the authorities of a file.
    pub(crate) fn other(url: &str, authority: Option<&PathBuf>) -> Result<Self, String> {
        let trust = authority.map_or_else(|| Ok(Trust::nobody()), |file| Trust::read(file))?;
        Ok(Self::Other(Arc::new(Endpoint::parse(url, trust)?)))
    }

    /// Where a test of that setting runs.
    pub(crate) fn endpoints(&self, setting: &Setting) -> Vec<Arc<Endpoint>> {
        let endpoint = match self {
            Self::Own(running) => {
                let running = running.get(setting.yaml).expect("a process for each setting");
                return setting.transports.iter().map(|name| Arc::clone(&running.endpoints[name])).collect();
            }
            Self::Other(endpoint) => endpoint,
            Self::Counterpart(counterpart) => &counterpart.endpoint,
        };
        let serves = !setting.own && setting.transports.contains(&endpoint.transport);
        if serves { vec![Arc::clone(endpoint)] } else { Vec::new() }
    }

    /// Ends what was started; each has to end well. Gives what they wrote of panics.
    pub(crate) fn stop(self) -> Vec<String> {
        let Self::Own(running) = self else { return Vec::new() };
        let panics = running.values().flat_map(|running| running.broker.panics()).collect();
        running.into_values().for_each(|running| running.broker.stop());
        panics
    }
}

impl Running {
    fn start(setting: &Setting) -> Self {
        let broker = Broker::start_with(
            Config::every_transport().with(setting.yaml).with_connect_timeout(setting.connect_timeout),
        );
        let trust = Trust::read(broker.authority()).expect("the authority of the test");
        let endpoint = |transport| {
            let endpoint = Endpoint {
                transport,
                host: "localhost".to_owned(),
                port: broker.port(transport),
                path: "/mqtt".to_owned(),
                trust: trust.clone(),
                is_own: true,
            };
            (transport, Arc::new(endpoint))
        };
        let endpoints = Transport::ALL.into_iter().map(endpoint).collect();
        Self { broker, endpoints }
    }
}
