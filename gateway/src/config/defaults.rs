//! The default listeners: every transport, on loopback only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::{Address, Listener, Located, TlsFiles, Transport};

/// Returns listeners for every transport on 127.0.0.1, and on `::1` if this machine has it, with the given certificate.
#[must_use]
pub fn development_listeners(tls: &TlsFiles) -> Vec<Located<Listener>> {
    let mut listeners = on_address(Ipv4Addr::LOCALHOST.into(), "", tls);
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        listeners.extend(on_address(Ipv6Addr::LOCALHOST.into(), "-v6", tls));
    }
    listeners.into_iter().map(Located::from).collect()
}

fn on_address(ip: IpAddr, suffix: &str, tls: &TlsFiles) -> Vec<Listener> {
    let listener = |(transport, port): &(Transport, u16)| {
        let name = format!("{}{suffix}", transport.name());
        let mut listener = Listener::new(&name, *transport, Address::Socket(SocketAddr::new(ip, *port)));
        listener.tls = transport.is_encrypted().then(|| tls.clone().into());
        listener
    };
    DEFAULT_PORTS.iter().map(listener).collect()
}

const DEFAULT_PORTS: [(Transport, u16); 5] = [
    (Transport::Tcp, 1883),
    (Transport::Tls, 8883),
    (Transport::Ws, 8083),
    (Transport::Wss, 8084),
    (Transport::Quic, 14567),
];
