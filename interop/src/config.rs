//! The configuration file of a broker under test: one listener per transport, each on a free port.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::certificate::Certificate;
use crate::transport::Transport;

/// The contents of the file.
#[derive(Clone, Debug)]
pub struct Config {
    ports: HashMap<Transport, u16>,
    connect_timeout: String,
    extra: String,
}

impl Config {
    /// A listener for every transport, each on a free port.
    #[must_use]
    pub fn every_transport() -> Self {
        let ports = Transport::ALL.map(|transport| (transport, free_port()));
        Self { ports: HashMap::from(ports), connect_timeout: "10s".to_owned(), extra: String::new() }
    }

    /// Appends YAML lines at the top level of the file.
    #[must_use]
    pub fn with(self, lines: &str) -> Self {
        Self { extra: self.extra + lines, ..self }
    }

    /// Sets how long the listeners wait for CONNECT, as the configuration file writes it (default: `10s`).
    #[must_use]
    pub fn with_connect_timeout(self, time: &str) -> Self {
        Self { connect_timeout: time.to_owned(), ..self }
    }

    /// The port of a transport's listener.
    #[must_use]
    pub fn port(&self, transport: Transport) -> u16 {
        *self.ports.get(&transport).expect("a port for each transport")
    }

    /// The text of the file.
    #[must_use]
    pub fn yaml(&self, certificate: &Certificate) -> String {
        let mut text = String::from("listeners:\n");
        for transport in Transport::ALL {
            let (name, port) = (transport.name(), self.port(transport));
            let _ = writeln!(text, "  - name: {name}\n    transport: {name}\n    address: 127.0.0.1:{port}");
            let _ = writeln!(text, "    connect_timeout: {}", self.connect_timeout);
            if transport.is_encrypted() {
                let (chain, key) = (certificate.certificate.display(), certificate.key.display());
                let _ = writeln!(text, "    tls:\n      certificate: {chain}\n      key: {key}");
            }
        }
        text + &self.extra
    }
}

/// A port that is free for both TCP and UDP. It is below the ephemeral range, so no client connection can be assigned it.
/// It also stays reserved while a killed broker is down: every test process takes its ports from its own block.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let port = claimed_block_start() + 1 + NEXT.fetch_add(1, Ordering::Relaxed) % (BLOCK_SIZE - 1);
        let address = (Ipv4Addr::LOCALHOST, port);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}

/// The first port of this process's block. Listening on this port reserves the block until the process ends.
fn claimed_block_start() -> u16 {
    static CLAIM: OnceLock<(TcpListener, u16)> = OnceLock::new();
    let claim = |attempt: u32| {
        let block = u16::try_from((process::id() + attempt) % BLOCK_COUNT).expect("a small number");
        let first = FIRST_PORT + block * BLOCK_SIZE;
        Some((TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?, first))
    };
    CLAIM
        .get_or_init(|| {
            (0..BLOCK_COUNT).find_map(claim).expect("a block of ports that no other test process uses")
        })
        .1
}

const FIRST_PORT: u16 = 16_000;
const BLOCK_SIZE: u16 = 80;
const BLOCK_COUNT: u32 = 200;
