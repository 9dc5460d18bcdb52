//! A broker that runs in this process.

use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tempfile::TempDir;
use tidegate_broker::Hooks;
use tidegate_client::{Client, Options, State};
use tidegate_gateway::config::load;
use tidegate_gateway::serve::{self, ServeError};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_interop::transport::Transport;
use tidegate_mqtt::ProtocolVersion;

/// A broker with a listener for every transport, on a thread of this process.
pub struct EmbeddedBroker {
    config: Config,
    certificate: Certificate,
    thread: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
}

impl EmbeddedBroker {
    /// Starts a broker and waits until it listens.
    pub fn start(hooks: Vec<Arc<dyn Hooks>>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        let config = Config::every_transport().with("drain_timeout: 1s\n");
        let file = folder.path().join("tidegate.yaml");
        std::fs::write(&file, config.yaml(&certificate)).expect("a configuration file");
        let loaded = load(&file).expect("a valid configuration");
        let data: PathBuf = folder.path().join("data");
        std::fs::create_dir(&data).expect("a data folder");
        let thread = thread::spawn(move || serve::run(&loaded.config, &data, hooks));
        let deadline = Instant::now() + EVENT_TIMEOUT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, config.port(Transport::Wss))).is_err() {
            assert!(Instant::now() < deadline, "the broker does not listen");
        }
        Self { config, certificate, thread, _folder: folder }
    }

    /// Returns the options of a client with this password.
    pub fn options(
        &self,
        transport: Transport,
        version: ProtocolVersion,
        id: &str,
        password: Option<&str>,
    ) -> Options {
        let url = transport.url(self.config.port(transport)).parse().expect("a URL");
        let mut options = Options::new(url, version, id);
        options.tls.ca_files.push(self.certificate.authority.clone());
        options.connect.user_name = Some("user".to_owned());
        options.connect.password = password.map(|password| password.to_owned().into());
        options
    }

    /// Connects a client with MQTT 5.0.
    pub async fn connect(&self, transport: Transport, id: &str, password: &str) -> Client {
        let options = self.options(transport, ProtocolVersion::V5, id, Some(password));
        Client::connect(&options, State::default()).await.expect("CONNACK")
    }

    /// Stops the broker with SIGTERM.
    pub fn stop(self) -> Result<(), ServeError> {
        let sent = Command::new("kill").args(["-TERM", &process::id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM cannot be sent");
        self.thread.join().expect("the broker does not panic")
    }
}
