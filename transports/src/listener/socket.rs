//! Creates listening sockets for network addresses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use super::BindError;

/// Creates a listening TCP socket. Accepted sockets inherit the options of the listening socket, which saves system
/// calls for each connection.
pub(super) fn listen(address: SocketAddr, backlog: u32) -> Result<(Socket, SocketAddr), BindError> {
    let opened = open_socket(address, Type::STREAM, Protocol::TCP).and_then(|socket| {
        socket.set_tcp_nodelay(true)?;
        socket
            .set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE_INTERVAL))?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        with_local_address(socket)
    });
    opened.map_err(|fault| BindError::Address { address, fault })
}

/// Creates a bound UDP socket.
pub(super) fn bind_udp(address: SocketAddr) -> Result<(Socket, SocketAddr), BindError> {
    let opened = open_socket(address, Type::DGRAM, Protocol::UDP).and_then(|socket| {
        // Failures are ignored: the kernel limits the sizes to net.core.rmem_max and net.core.wmem_max.
        let _ = socket.set_recv_buffer_size(UDP_BUFFER_SIZE);
        let _ = socket.set_send_buffer_size(UDP_BUFFER_SIZE);
        with_local_address(socket)
    });
    opened.map_err(|fault| BindError::Address { address, fault })
}

fn open_socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    if kind == Type::STREAM {
        // With this option, a restarted process can bind the address although connections of the previous process are
        // still in TIME_WAIT.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn with_local_address(socket: Socket) -> io::Result<(Socket, SocketAddr)> {
    let address = socket.local_addr()?.as_socket();
    let address = address.ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
    Ok((socket, address))
}

/// Idle time after which the kernel sends TCP keepalive probes. Without probes, a client with MQTT keep alive 0 that is
/// no longer reachable would stay connected forever. A shorter time would wake idle mobile clients more often.
const KEEPALIVE: Duration = Duration::from_secs(600);
/// Time between two keepalive probes. The kernel sends nine probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// Size in bytes of each of the kernel's two datagram buffers, one per direction. A buffer holds the datagrams that
/// arrive while the core is busy with a turn of all its connections. The kernel may grant less (`net.core.rmem_max`).
/// If a buffer is full, datagrams are lost, and QUIC retransmits their content.
const UDP_BUFFER_SIZE: usize = 2 * 1024 * 1024;

#[cfg(test)]
mod tests;
