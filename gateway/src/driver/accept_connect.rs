//! The first words on a link, up to the agreement: CONNECT, where asked for an AUTH exchange, and the refusals.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::sync::Arc;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{DecodeError, Packet, ProtocolVersion, ReasonCode};
use tidegate_session::{Config, Handshake, Negotiated, Refusal, Step};
use tidegate_transports::Link;

/// What a completed handshake leaves.
pub struct Accepted {
    /// The link, ready for CONNACK.
    pub link: Link,
    /// What both sides agreed on.
    pub negotiated: Negotiated,
    /// Bytes that came behind CONNECT.
    pub rest: Vec<u8>,
}

/// Reads CONNECT and agrees, or refuses and closes. The caller bounds the time.
///
/// # Errors
/// When the link broke, or the client was refused; it has been told already.
pub async fn accept_connect(mut link: Link, config: Arc<Config>) -> Result<Accepted, Refused> {
    let mut handshake = Handshake::new(Arc::clone(&config), None);
    let mut inbox = Inbox { bytes: Vec::new(), packet_size_max: config.packet_size_max };
    // Not known before CONNECT.
    let mut spoken = None;
    loop {
        let step = match inbox.next(&mut link, spoken).await? {
            Ok(Packet::Connect(connect)) => {
                spoken = Some(connect.version);
                handshake.handle_connect(*connect, assign_id)
            }
            Ok(Packet::Auth(auth)) => handshake.handle_auth(auth),
            // Only AUTH can follow CONNECT now, and DISCONNECT, which needs no answer.
            Ok(_) => return Err(Refused::Protocol),
            Err(error) => Step::Refuse(Refusal::malformed(&error)),
        };
        match step {
            Step::Send(packet) => {
                send_packet(&mut link, &packet, spoken.unwrap_or(ProtocolVersion::V5)).await?
            }
            Step::Accept(negotiated) => {
                let mut rest = inbox.bytes;
                rest.shrink_to_fit();
                return Ok(Accepted { link, negotiated, rest });
            }
            Step::Refuse(refusal) => {
                refuse(&mut link, &refusal).await?;
                return Err(Refused::Protocol);
            }
        }
    }
}

/// Refuses after all what was agreed on, and closes. The caller bounds the time.
///
/// # Errors
/// When the link broke.
pub async fn reject(mut link: Link, negotiated: &Negotiated, reason: ReasonCode) -> io::Result<()> {
    refuse(&mut link, &Refusal::new(negotiated.version, reason).within(negotiated.packet_size_max)).await
}

/// Why there is no agreement.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The client broke a rule, or asked for what is not allowed.
    #[error("the client was refused")]
    Protocol,
    /// The link broke.
    #[error(transparent)]
    Link(#[from] io::Error),
}

async fn refuse(link: &mut Link, refusal: &Refusal) -> io::Result<()> {
    if let Some((connack, version)) = refusal.connack() {
        send_packet(link, &Packet::ConnAck(Box::new(connack)), version).await?;
    }
    poll_fn(|context| link.poll_close(context)).await
}

/// Bytes that arrived before the driver takes over.
struct Inbox {
    bytes: Vec<u8>,
    packet_size_max: u32,
}

impl Inbox {
    async fn next(
        &mut self,
        link: &mut Link,
        spoken: Option<ProtocolVersion>,
    ) -> io::Result<Result<Packet, DecodeError>> {
        let version = spoken.unwrap_or(ProtocolVersion::V5);
        loop {
            let next = match spoken {
                None => frame::first(&self.bytes, self.packet_size_max),
                Some(version) => frame::next(&self.bytes, version, self.packet_size_max),
            };
            match next {
                Err(error) => return Ok(Err(error)),
                Ok(Next::Frame(packet)) => {
                    let decoded = Packet::decode(&packet, version);
                    let len = packet.wire.len();
                    self.bytes.drain(..len);
                    return Ok(decoded);
                }
                Ok(Next::Incomplete { .. }) => {}
            }
            let mut chunk = [0; CHUNK_LEN];
            let len = poll_fn(|context| link.poll_read(context, &mut chunk)).await?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.bytes.extend_from_slice(chunk.get(..len).unwrap_or_default());
        }
    }
}

async fn send_packet(link: &mut Link, packet: &Packet, version: ProtocolVersion) -> io::Result<()> {
    let mut bytes = Vec::new();
    packet.encode(version, &mut bytes).map_err(io::Error::other)?;
    send(link, &bytes).await
}

/// Writes all of `bytes` and flushes.
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

/// A client identifier that nobody can guess: 128 random bits.
fn assign_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

const CHUNK_LEN: usize = 2048;
