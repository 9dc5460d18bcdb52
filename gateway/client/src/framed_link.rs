//! Moves bytes between the link and the connection: splits input into packets, and writes output.

use std::future::poll_fn;
use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Packet, ProtocolVersion};
use tidegate_transports::Link;

use super::ClientError;
use super::connection::Connection;

/// A link with buffers for incomplete input and unwritten output.
pub struct FramedLink {
    link: Link,
    version: ProtocolVersion,
    packet_size_max: u32,
    read_buffer: Vec<u8>,
    write_buffer: Vec<u8>,
    /// Number of bytes of `write_buffer` that are already written.
    written: usize,
    /// The buffer for one read.
    chunk: Box<[u8]>,
}

/// The result of one [`FramedLink::progress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Packets were received.
    Received,
    /// Bytes were sent.
    Sent,
}

impl FramedLink {
    /// Creates a framed link that refuses received packets larger than `packet_size_max` bytes.
    pub fn new(link: Link, version: ProtocolVersion, packet_size_max: u32) -> Self {
        let chunk = vec![0; READ_SIZE].into_boxed_slice();
        Self {
            link,
            version,
            packet_size_max,
            read_buffer: Vec::new(),
            write_buffer: Vec::new(),
            written: 0,
            chunk,
        }
    }

    /// Waits until packets are received or bytes are sent.
    pub async fn progress(&mut self, connection: &mut Connection) -> Result<Activity, ClientError> {
        poll_fn(|cx| self.poll_progress(cx, connection)).await
    }

    /// Writes as much as possible without waiting.
    pub async fn try_flush(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        poll_fn(|cx| match self.poll_send(cx, connection) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(())),
        })
        .await
    }

    /// Writes all output, and receives packets while it writes, so that client and server cannot block each other.
    pub async fn flush(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        while self.backlog() + connection.output_len() > 0 {
            self.progress(connection).await?;
        }
        Ok(())
    }

    /// Reads one packet. Used before the [`Connection`] exists.
    pub async fn packet(&mut self) -> Result<Packet, ClientError> {
        loop {
            if let Next::Frame(frame) = frame::next(&self.read_buffer, self.version, self.packet_size_max)? {
                let (packet, size) = (Packet::decode(&frame, self.version)?, frame.wire.len());
                self.read_buffer.drain(..size);
                return Ok(packet);
            }
            poll_fn(|cx| self.poll_fill(cx)).await?;
        }
    }

    /// Writes bytes. Used before the [`Connection`] exists.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        Ok(self.link.write_all(bytes).await?)
    }

    /// Closes the link. It is not an error if the server has already closed the link after our DISCONNECT.
    pub async fn close(&mut self) -> Result<(), ClientError> {
        match self.link.close().await {
            Err(error) if !is_closed_by_peer(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Returns the number of bytes taken from the connection and not yet written.
    pub fn backlog(&self) -> usize {
        self.write_buffer.len() - self.written
    }

    pub fn link(&self) -> &Link {
        &self.link
    }

    fn poll_progress(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
    ) -> Poll<Result<Activity, ClientError>> {
        // The read that contained CONNACK may have contained more packets.
        if self.deliver_frames(connection)? {
            return Poll::Ready(Ok(Activity::Received));
        }
        if connection.event_count() >= EVENTS_MAX {
            return Poll::Ready(Err(ClientError::Overrun));
        }
        let sent = self.poll_send(cx, connection)?;
        match self.poll_receive(cx, connection) {
            Poll::Pending if sent == Poll::Ready(true) => Poll::Ready(Ok(Activity::Sent)),
            received => received.map_ok(|()| Activity::Received),
        }
    }

    /// Reads until a packet is complete.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
    ) -> Poll<Result<(), ClientError>> {
        loop {
            if let Err(error) = ready!(self.poll_fill(cx)) {
                return Poll::Ready(Err(with_disconnect_reason(error, connection)));
            }
            if self.deliver_frames(connection)? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes output, and is ready when all of it is written. The value is whether this call wrote anything.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
    ) -> Poll<Result<bool, ClientError>> {
        let mut has_sent = false;
        loop {
            if self.backlog() == 0 {
                self.write_buffer = connection.take_output(std::mem::take(&mut self.write_buffer));
                self.written = 0;
            }
            let rest = self.write_buffer.get(self.written..).unwrap_or_default();
            if rest.is_empty() {
                ready!(self.link.poll_flush(cx))?;
                return Poll::Ready(Ok(has_sent));
            }
            self.written += ready!(self.link.poll_write(cx, &[IoSlice::new(rest)]))?;
            has_sent = true;
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        let size = ready!(self.link.poll_read(cx, &mut self.chunk))?;
        if size == 0 {
            return Poll::Ready(Err(ClientError::Closed));
        }
        self.read_buffer.extend_from_slice(self.chunk.get(..size).unwrap_or_default());
        Poll::Ready(Ok(()))
    }

    /// Passes every complete packet to the connection. Returns whether there was at least one.
    fn deliver_frames(&mut self, connection: &mut Connection) -> Result<bool, ClientError> {
        let mut used = 0;
        let outcome = self.decode_frames(&mut used, connection);
        self.read_buffer.drain(..used);
        match outcome {
            // Some packets before the faulty one were passed on. The next call finds the fault again and returns it.
            Err(_) if used > 0 => Ok(true),
            outcome => outcome.map(|()| used > 0),
        }
    }

    fn decode_frames(&self, used: &mut usize, connection: &mut Connection) -> Result<(), ClientError> {
        let rest = |used: usize| self.read_buffer.get(used..).unwrap_or_default();
        while let Next::Frame(frame) = frame::next(rest(*used), self.version, self.packet_size_max)? {
            connection.receive(Packet::decode(&frame, self.version)?)?;
            *used += frame.wire.len();
        }
        Ok(())
    }
}

/// Returns `error`, or the server's reason if it sent DISCONNECT before the connection ended.
fn with_disconnect_reason(error: ClientError, connection: &mut Connection) -> ClientError {
    match connection.take_server_disconnect() {
        Some(disconnect) => ClientError::Disconnected(Box::new(disconnect)),
        None => error,
    }
}

/// Maximum number of events waiting to be taken. When more arrive, the connection fails with `Overrun`, because waiting
/// until the caller takes events would also delay the answers that the protocol requires.
const EVENTS_MAX: usize = 1_000_000;
/// Size of the read buffer in bytes. One read takes many small packets.
const READ_SIZE: usize = 64 * 1024;

/// Whether the error means that the peer closed the connection before us.
fn is_closed_by_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
}
