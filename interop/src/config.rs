//! The configuration file of a broker under test: one listener for each transport, on ports of its own.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::certificate::Certificate;
use crate::transport::Transport;

/// What the file is made of.
#[derive(Clone, Debug)]
pub struct Config {
    ports: HashMap<Transport, u16>,
    connect_timeout: String,
    extra: String,
}

impl Config {
    /// Every transport on a free port.
    #[must_use]
    pub fn every_transport() -> Self {
        let ports = Transport::ALL.map(|transport| (transport, free_port()));
        Self { ports: HashMap::from(ports), connect_timeout: "10s".to_owned(), extra: String::new() }
    }

    /// The same with further lines at the top level of the file.
    #[must_use]
    pub fn with(self, lines: &str) -> Self {
        Self { extra: self.extra + lines, ..self }
    }

    /// The same with another time to wait for CONNECT.
    #[must_use]
    pub fn with_connect_timeout(self, time: &str) -> Self {
        Self { connect_timeout: time.to_owned(), ..self }
    }

    /// Where a transport listens.
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

/// A port that nobody has, below those the system hands out by itself, so that no client takes it meanwhile. It stays ours also
/// while the broker that listened there is dead: tests run in several processes at once, each with a block of ports of its own.
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

/// The first port of this process's block. Who listens there has the block, to the end of the process.
fn claimed_block_start() -> u16 {
    static CLAIM: OnceLock<(TcpListener, u16)> = OnceLock::new();
    let claim = |attempt: u32| {
        let block = u16::try_from((process::id() + attempt) % BLOCK_COUNT).expect("a small number");
        let first = FIRST_PORT + block * BLOCK_SIZE;
        Some((TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?, first))
    };
    CLAIM.get_or_init(|| (0..BLOCK_COUNT).find_map(claim).expect("a block of ports that no other test has")).1
}

const FIRST_PORT: u16 = 16_000;
const BLOCK_SIZE: u16 = 80;
const BLOCK_COUNT: u32 = 200;
