//! The configuration file of a broker under test: one listener per transport, each on a free port.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::certificate::Certificate;
use crate::transport::Transport;

/// The contents of the broker's configuration file.
#[derive(Clone, Debug)]
pub struct Config {
    ports: HashMap<Transport, u16>,
    connect_timeout: String,
    listener_lines: HashMap<Transport, String>,
    additional_lines: String,
}

impl Config {
    /// Creates a configuration with a listener for every transport, each on a free port.
    #[must_use]
    pub fn every_transport() -> Self {
        let ports = Transport::ALL.map(|transport| (transport, free_port()));
        Self {
            ports: HashMap::from(ports),
            connect_timeout: "10s".to_owned(),
            listener_lines: HashMap::new(),
            additional_lines: String::new(),
        }
    }

    /// Appends YAML lines at the top level of the file.
    #[must_use]
    pub fn with(self, lines: &str) -> Self {
        Self { additional_lines: self.additional_lines + lines, ..self }
    }

    /// Sets how long the listeners wait for CONNECT. `time` is written as in the configuration file, such as `10s`, the
    /// default.
    #[must_use]
    pub fn with_connect_timeout(self, time: &str) -> Self {
        Self { connect_timeout: time.to_owned(), ..self }
    }

    /// Adds a line to the listener of a transport, such as `session: { qos_max: 1 }`.
    #[must_use]
    pub fn with_listener_line(mut self, transport: Transport, line: &str) -> Self {
        let _ = writeln!(self.listener_lines.entry(transport).or_default(), "    {line}");
        self
    }

    /// Returns the port of a transport's listener.
    #[must_use]
    pub fn port(&self, transport: Transport) -> u16 {
        *self.ports.get(&transport).expect("a port for each transport")
    }

    /// Returns the text of the configuration file.
    #[must_use]
    pub fn yaml(&self, certificate: &Certificate) -> String {
        let mut text = String::from("listeners:\n");
        for transport in Transport::ALL {
            let (name, port) = (transport.name(), self.port(transport));
            let _ = writeln!(text, "  - name: {name}\n    transport: {name}\n    address: 127.0.0.1:{port}");
            let _ = writeln!(text, "    connect_timeout: {}", self.connect_timeout);
            text += self.listener_lines.get(&transport).map_or("", String::as_str);
            if transport.is_encrypted() {
                let (chain, key) = (certificate.certificate.display(), certificate.key.display());
                let _ = writeln!(text, "    tls:\n      certificate: {chain}\n      key: {key}");
            }
        }
        text + &self.additional_lines
    }
}

/// Returns a port that is free for both TCP and UDP. The port is below the ephemeral range, so the system does not
/// assign it to a client connection. No other test process uses the port while a killed broker is down, because each
/// test process takes its ports from its own block.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = first_reserved_port() + 1 + NEXT.fetch_add(1, Ordering::Relaxed) % (PORT_BLOCK_SIZE - 1);
        let address = (Ipv4Addr::LOCALHOST, port);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}

/// Returns the first port of this process's block of ports. The process reserves the block by listening on that port
/// until it ends.
fn first_reserved_port() -> u16 {
    static PORT_BLOCK: OnceLock<(TcpListener, u16)> = OnceLock::new();
    let reserve = |attempt: u32| {
        let block = u16::try_from((process::id() + attempt) % PORT_BLOCK_COUNT).expect("a small number");
        let first = FIRST_PORT + block * PORT_BLOCK_SIZE;
        Some((TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?, first))
    };
    PORT_BLOCK
        .get_or_init(|| {
            (0..PORT_BLOCK_COUNT).find_map(reserve).expect("a block of ports that no other test process uses")
        })
        .1
}

const FIRST_PORT: u16 = 16_000;
const PORT_BLOCK_SIZE: u16 = 80;
const PORT_BLOCK_COUNT: u32 = 200;
