//! Accepts or refuses a client: CONNECT, the AUTH exchange if the client requests one, and the CONNACK of a refusal.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::time::Duration;

use tidegate_broker::{Broker, ConnectStep, ListenerContext, connack_reason};
use tidegate_limits::{OutOfMemory, memory};
use tidegate_mqtt::{Packet, ProtocolVersion};
use tidegate_session::{Negotiated, Refusal};
use tidegate_transports::Link;

use super::end::discard_input;
use crate::story::FirstPacket;

/// A link whose client was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// The link, ready for CONNACK.
    pub link: Link,
    /// The options that client and broker negotiated.
    pub negotiated: Box<Negotiated>,
    /// Bytes that arrived after CONNECT.
    pub rest: Vec<u8>,
}

/// Reads CONNECT and negotiates with the client, within the limits of its listener. The caller must limit the time.
///
/// # Errors
/// When the link broke, or the client was refused.
pub async fn accept_connect(
    mut link: Link,
    broker: &Broker,
    listener: &ListenerContext,
) -> Result<Accepted, Refused> {
    let mut pending = broker.begin_connect(listener);
    let mut bytes = Vec::new();
    loop {
        match pending.receive(&mut bytes, assign_id) {
            ConnectStep::Incomplete => read(&mut link, &mut bytes).await?,
            ConnectStep::Send(packet, version) => send_packet(&mut link, &packet, version).await?,
            ConnectStep::Accept(negotiated) => {
                bytes.shrink_to_fit();
                return Ok(Accepted { link, negotiated, rest: bytes });
            }
            ConnectStep::Refuse(refusal) => {
                let first = refusal.fault.map(|_| FirstPacket::recognise(&bytes));
                return Err(Refused::Protocol(Box::new((link, refusal)), first));
            }
            ConnectStep::Close => return Err(Refused::Unexpected),
        }
    }
}

/// The reason why a client was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The client violated the protocol, or requested something that the broker does not allow. If the client sent
    /// something other than a valid CONNECT, the second value is what it sent.
    #[error("{}", .0.1)]
    Protocol(Box<(Link, Refusal)>, Option<FirstPacket>),
    /// CONNECT did not arrive, or the client was not authenticated, within the time limit.
    #[error("CONNECT was not complete within {0:?}")]
    Timeout(Duration),
    /// The client sent another packet before it was accepted.
    #[error("the client sent another packet than AUTH during its authentication")]
    Unexpected,
    /// A policy or a hook refused the client with this identifier.
    #[error("{0}")]
    Policy(tidegate_limits::Refusal, Box<Accepted>),
    /// There is not enough memory for what the client sent.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
    /// The link broke.
    #[error(transparent)]
    Link(#[from] io::Error),
}

impl Refused {
    /// Returns the identifier of the client, if it is known.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Protocol(refused, _) => refused.1.client_id.as_deref(),
            Self::Policy(_, accepted) => Some(&accepted.negotiated.client_id),
            _ => None,
        }
    }

    /// Returns what would help, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Protocol(_, first) => first.and_then(FirstPacket::hint),
            _ => None,
        }
    }

    /// Sends the CONNACK of the refusal, if there is one, and closes the link. The caller must limit the time, and must
    /// have counted the refusal, because the client is refused whether or not it reads the CONNACK.
    pub async fn answer(self) {
        let (mut link, refusal) = match self {
            Self::Protocol(refused, _) => *refused,
            Self::Policy(refusal, accepted) => {
                let Accepted { link, negotiated, .. } = *accepted;
                let reason = connack_reason(refusal);
                let refusal = Refusal::new(negotiated.version, reason);
                (link, refusal.fitting_into(negotiated.packet_size_max))
            }
            _ => return,
        };
        let _ = refuse(&mut link, &refusal).await;
    }

    /// Whether the peer closed the connection before CONNECT, as health checks of load balancers do.
    #[must_use]
    pub fn is_close_before_connect(&self) -> bool {
        matches!(self, Self::Link(error) if error.kind() == io::ErrorKind::UnexpectedEof)
    }

    /// Whether there was not enough memory.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }
}

async fn refuse(link: &mut Link, refusal: &Refusal) -> io::Result<()> {
    if let Some((connack, version)) = refusal.connack() {
        send_packet(link, &Packet::ConnAck(Box::new(connack)), version).await?;
    }
    poll_fn(|context| link.poll_close(context)).await?;
    discard_input(link).await;
    Ok(())
}

/// Waits for bytes from the peer and appends them to `bytes`.
async fn read(link: &mut Link, bytes: &mut Vec<u8>) -> Result<(), Refused> {
    let mut chunk = [0; CHUNK_LEN];
    let len = poll_fn(|context| link.poll_read(context, &mut chunk)).await?;
    if len == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    if bytes.capacity() - bytes.len() < len {
        // The check also covers the memory for the values that are decoded from the complete packet.
        memory::check(bytes.capacity().saturating_mul(2 * memory::PARSED_BYTES_PER_BYTE))?;
        memory::reserve(bytes, len)?;
    }
    bytes.extend_from_slice(chunk.get(..len).unwrap_or_default());
    Ok(())
}

async fn send_packet(link: &mut Link, packet: &Packet, version: ProtocolVersion) -> io::Result<()> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).map_err(io::Error::other)?;
    send(link, &bytes).await
}

/// Writes all of `bytes` to the link and flushes it.
pub(super) async fn send(link: &mut Link, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = poll_fn(|context| link.poll_write(context, &[IoSlice::new(rest)])).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        rest = rest.get(written..).unwrap_or_default();
    }
    poll_fn(|context| link.poll_flush(context)).await
}

/// Returns a new client identifier that nobody can guess: 128 random bits.
fn assign_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Maximum number of bytes per read before a connection has a session. Most CONNECT packets are shorter. The buffer of
/// a read is part of the task's memory while the handshake runs.
const CHUNK_LEN: usize = 2048;
