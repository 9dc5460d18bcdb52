//! A UDP socket with its QUIC endpoint. A client has one per connection; the relay has one for all connections.

use std::io::{ErrorKind, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use quinn_proto::{
    ClientConfig, Connection, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, Incoming,
    ServerConfig, Transmit,
};
use quinn_udp::{RecvMeta, UdpSocketState};

use crate::error::LoadError;

/// Size of a receive buffer, in bytes. A receive buffer holds the largest datagram together with the datagrams that the
/// kernel coalesces with it.
const DATAGRAMS_LEN: usize = 64 * 1024;
/// Number of receive buffers per system call.
const RECEIVE_BUFFER_COUNT: usize = 4;
/// Requested size of the kernel's socket buffers, in bytes. The kernel may grant smaller ones.
const SOCKET_BUFFER_LEN: usize = 2 * 1024 * 1024;

/// The socket and the endpoint.
#[derive(Debug)]
pub(crate) struct UdpEndpoint {
    socket: UdpSocket,
    state: UdpSocketState,
    pub(super) endpoint: Endpoint,
    /// Buffer for the datagrams that are sent next.
    pub(super) send_buffer: Vec<u8>,
}

impl UdpEndpoint {
    /// Starts one connection to `remote` from a new socket.
    pub(crate) fn client(
        remote: SocketAddr,
        config: ClientConfig,
    ) -> Result<(Self, ConnectionHandle, Connection), LoadError> {
        let mut udp = Self::bind((Ipv4Addr::LOCALHOST, 0).into(), None)?;
        udp.socket.connect(remote).map_err(LoadError::io("connecting"))?;
        let (handle, connection) = udp
            .endpoint
            .connect(Instant::now(), config, remote, "localhost")
            .map_err(|_| LoadError::Arguments("cannot connect to this target with QUIC"))?;
        Ok((udp, handle, connection))
    }

    /// Binds to `address`. With `config` the endpoint accepts connections.
    pub(crate) fn bind(address: SocketAddr, config: Option<Arc<ServerConfig>>) -> Result<Self, LoadError> {
        let socket = UdpSocket::bind(address).map_err(LoadError::io("opening a UDP socket"))?;
        let state =
            UdpSocketState::new((&socket).into()).map_err(LoadError::io("configuring a UDP socket"))?;
        // Errors are ignored: with smaller buffers, the kernel drops datagrams of a burst, and QUIC retransmits them.
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER_LEN);
        let _ = state.set_send_buffer_size((&socket).into(), SOCKET_BUFFER_LEN);
        let endpoint =
            Endpoint::new(Arc::new(EndpointConfig::default()), config, !state.may_fragment(), None);
        Ok(Self { socket, state, endpoint, send_buffer: Vec::new() })
    }

    pub(crate) fn register(&self, registry: &Registry, token: Token) -> Result<(), LoadError> {
        use std::os::fd::AsRawFd;
        registry
            .register(&mut SourceFd(&self.socket.as_raw_fd()), token, Interest::READABLE | Interest::WRITABLE)
            .map_err(LoadError::io("registering a UDP socket with epoll"))
    }

    pub(crate) fn local_addr(&self) -> Result<SocketAddr, LoadError> {
        self.socket.local_addr().map_err(LoadError::io("reading the local address"))
    }

    /// Receives all datagrams that have arrived and calls `handle` with their events. `buffer` must have at least the
    /// size of one receive buffer, `DATAGRAMS_LEN`.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        handle: &mut dyn FnMut(&mut Self, DatagramEvent),
    ) -> Result<(), LoadError> {
        loop {
            let mut slices: Vec<IoSliceMut<'_>> = buffer
                .chunks_exact_mut(DATAGRAMS_LEN)
                .take(RECEIVE_BUFFER_COUNT)
                .map(IoSliceMut::new)
                .collect();
            let mut metas = [RecvMeta::default(); RECEIVE_BUFFER_COUNT];
            let metas = metas.get_mut(..slices.len()).unwrap_or_default();
            let received = self.state.recv((&self.socket).into(), &mut slices, metas);
            match received {
                Ok(count) => {
                    self.handle_datagrams(now, metas.iter().zip(slices.iter()).take(count), handle)?
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(()),
                    ErrorKind::Interrupted => {}
                    ErrorKind::ConnectionRefused => return Err(LoadError::Closed),
                    _ => return Err(LoadError::Io { doing: "reading", source: error }),
                },
            }
        }
    }

    fn handle_datagrams<'a>(
        &mut self,
        now: Instant,
        received: impl Iterator<Item = (&'a RecvMeta, &'a IoSliceMut<'a>)>,
        handle: &mut dyn FnMut(&mut Self, DatagramEvent),
    ) -> Result<(), LoadError> {
        for (meta, bytes) in received {
            let mut datagrams = BytesMut::from(bytes.get(..meta.len).unwrap_or_default());
            while !datagrams.is_empty() {
                let datagram = datagrams.split_to(meta.stride.min(datagrams.len()));
                let mut response = Vec::new();
                let ecn = meta.ecn.and_then(|ecn| {
                    #[expect(clippy::as_conversions, reason = "the bits are the value")]
                    quinn_proto::EcnCodepoint::from_bits(ecn as u8)
                });
                match self.endpoint.handle(now, meta.addr, meta.dst_ip, ecn, datagram, &mut response) {
                    Some(DatagramEvent::Response(transmit)) => {
                        self.send(&transmit, &response)?;
                    }
                    Some(event) => handle(self, event),
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// Starts the handshake with a new peer. Returns `None` if the first datagram of the peer is invalid.
    pub(crate) fn accept(
        &mut self,
        incoming: Incoming,
        now: Instant,
    ) -> Option<(ConnectionHandle, Connection)> {
        let mut response = Vec::new();
        match self.endpoint.accept(incoming, now, &mut response, None) {
            Ok(accepted) => Some(accepted),
            Err(error) => {
                if let Some(transmit) = error.response {
                    // Errors are ignored, because the peer is rejected in any case.
                    let _ = self.send(&transmit, &response);
                }
                None
            }
        }
    }

    /// Sends datagrams. Returns false when the socket is full.
    pub(super) fn send(&self, transmit: &Transmit, bytes: &[u8]) -> Result<bool, LoadError> {
        let sent = self.state.send(
            (&self.socket).into(),
            &quinn_udp::Transmit {
                destination: transmit.destination,
                #[expect(clippy::as_conversions, reason = "the bits are the value")]
                ecn: transmit.ecn.and_then(|ecn| quinn_udp::EcnCodepoint::from_bits(ecn as u8)),
                contents: bytes.get(..transmit.size).unwrap_or(bytes),
                segment_size: transmit.segment_size,
                src_ip: transmit.src_ip,
            },
        );
        match sent {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => Err(LoadError::Closed),
            Err(source) => Err(LoadError::Io { doing: "writing", source }),
        }
    }

    /// Returns the number of datagrams that one system call can send.
    pub(super) fn segments_max(&self) -> usize {
        self.state.max_gso_segments().clamp(1, SEGMENTS_MAX)
    }
}

impl AsFd for UdpEndpoint {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Number of datagrams of full size that fit into 64 KiB.
const SEGMENTS_MAX: usize = 40;
