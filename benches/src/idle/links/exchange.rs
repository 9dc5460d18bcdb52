//! The MQTT packets on one idle link: CONNECT, PINGREQ, DISCONNECT, and the responses.

use std::future::poll_fn;
use std::io::{self, IoSlice};

use tidegate_transports::Link;
use tidegate_transports::client::{self, ClientTls};
use tokio::time::timeout;

use super::RESPONSE_TIMEOUT;
use crate::error::LoadError;
use crate::idle::KEEP_ALIVE;
use crate::wire::{Version, build, packet_type, scan};

pub(super) async fn open(
    target: &client::Target,
    tls: &ClientTls,
    version: Version,
    client_id: &str,
) -> Result<Link, LoadError> {
    let connected = client::connect_within(target, tls, RESPONSE_TIMEOUT).await;
    let mut link = connected.map_err(|error| LoadError::Io {
        doing: "connecting",
        source: io::Error::other(error.to_string()),
    })?;
    let connect = build::connect(version, client_id, KEEP_ALIVE, build::Session::Clean);
    let code = exchange(&mut link, &connect, packet_type::CONNACK, "CONNACK").await?;
    match code {
        Some(0) => Ok(link),
        code => Err(LoadError::Refused { packet: "CONNECT", code: code.unwrap_or_default() }),
    }
}

/// Sends a packet and waits for the response. Returns the second body byte of the response.
pub(super) async fn exchange(
    link: &mut Link,
    packet: &[u8],
    response: u8,
    expected: &'static str,
) -> Result<Option<u8>, LoadError> {
    let outcome = timeout(RESPONSE_TIMEOUT, async {
        write(link, packet).await.map_err(LoadError::io("writing"))?;
        read_response(link, response, expected).await
    });
    outcome.await.map_err(|_| LoadError::Io {
        doing: "waiting for a response",
        source: io::ErrorKind::TimedOut.into(),
    })?
}

async fn write(link: &mut Link, packet: &[u8]) -> io::Result<()> {
    let mut rest = packet;
    while !rest.is_empty() {
        let written = poll_fn(|context| link.poll_write(context, &[IoSlice::new(rest)])).await?;
        rest = rest.get(written..).unwrap_or_default();
    }
    poll_fn(|context| link.poll_flush(context)).await
}

async fn read_response(
    link: &mut Link,
    response: u8,
    expected: &'static str,
) -> Result<Option<u8>, LoadError> {
    let mut received = Vec::new();
    loop {
        if let Some((packet, _)) = scan::next(&received)? {
            if packet.packet_type() != response {
                return Err(LoadError::Unexpected { expected, packet_type: packet.packet_type() });
            }
            return Ok(packet.body.get(1).copied());
        }
        let mut buffer = [0; 512];
        let count = poll_fn(|context| link.poll_read(context, &mut buffer))
            .await
            .map_err(LoadError::io("waiting for a response"))?;
        if count == 0 {
            return Err(LoadError::Closed);
        }
        received.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
}

pub(super) async fn close(link: &mut Link) -> io::Result<()> {
    write(link, &build::DISCONNECT).await?;
    poll_fn(|context| link.poll_close(context)).await
}
