//! Bytes between the link and the exchange: cuts frames off, writes what is to be written. Knows no packet.

use std::future::poll_fn;
use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Packet, ProtocolVersion};
use tidegate_transports::Link;

use super::ClientError;
use super::exchange::Exchange;

/// A link with what was read and not understood, and what was said and not written.
pub struct Wire {
    link: Link,
    version: ProtocolVersion,
    packet_size_max: u32,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    written: usize,
    chunk: Box<[u8]>,
}

/// What one [`Wire::progress`] brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Packets came.
    Received,
    /// Bytes went.
    Sent,
}

impl Wire {
    /// Packets above `packet_size_max` are refused.
    pub fn new(link: Link, version: ProtocolVersion, packet_size_max: u32) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        Self { link, version, packet_size_max, inbox: Vec::new(), outbox: Vec::new(), written: 0, chunk }
    }

    /// Waits until something moved in either direction.
    pub async fn progress(&mut self, exchange: &mut Exchange) -> Result<Moved, ClientError> {
        poll_fn(|cx| self.poll_progress(cx, exchange)).await
    }

    /// Writes what can be written without waiting.
    pub async fn try_flush(&mut self, exchange: &mut Exchange) -> Result<(), ClientError> {
        poll_fn(|cx| match self.poll_send(cx, exchange) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(())),
        })
        .await
    }

    /// Writes all there is; receives meanwhile, so that neither side waits for the other.
    pub async fn flush(&mut self, exchange: &mut Exchange) -> Result<(), ClientError> {
        while self.backlog() + exchange.output_len() > 0 {
            self.progress(exchange).await?;
        }
        Ok(())
    }

    /// Reads one packet, before there is an exchange.
    pub async fn packet(&mut self) -> Result<Packet, ClientError> {
        loop {
            if let Next::Frame(frame) = frame::next(&self.inbox, self.version, self.packet_size_max)? {
                let (packet, size) = (Packet::decode(&frame, self.version)?, frame.wire.len());
                self.inbox.drain(..size);
                return Ok(packet);
            }
            poll_fn(|cx| self.poll_fill(cx)).await?;
        }
    }

    /// Writes bytes before there is an exchange.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        Ok(self.link.write_all(bytes).await?)
    }

    /// Ends our side. A server that heard DISCONNECT may well have closed first.
    pub async fn close(&mut self) -> Result<(), ClientError> {
        match self.link.close().await {
            Err(error) if !is_gone(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Bytes taken from the exchange and not written.
    pub fn backlog(&self) -> usize {
        self.outbox.len() - self.written
    }

    pub fn link(&self) -> &Link {
        &self.link
    }

    fn poll_progress(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
    ) -> Poll<Result<Moved, ClientError>> {
        // Frames may be left over from reading CONNACK.
        if self.hand_over(exchange)? {
            return Poll::Ready(Ok(Moved::Received));
        }
        if exchange.event_count() >= EVENTS_MAX {
            return Poll::Ready(Err(ClientError::Overrun));
        }
        let sent = self.poll_send(cx, exchange)?;
        match self.poll_receive(cx, exchange) {
            Poll::Pending if sent == Poll::Ready(true) => Poll::Ready(Ok(Moved::Sent)),
            received => received.map_ok(|()| Moved::Received),
        }
    }

    /// Reads until there is a packet.
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
    ) -> Poll<Result<(), ClientError>> {
        loop {
            if let Err(error) = ready!(self.poll_fill(cx)) {
                return Poll::Ready(Err(with_farewell(error, exchange)));
            }
            if self.hand_over(exchange)? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Ready when all is written: whether that was anything.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
    ) -> Poll<Result<bool, ClientError>> {
        let mut has_sent = false;
        loop {
            if self.backlog() == 0 {
                self.outbox = exchange.take_output(std::mem::take(&mut self.outbox));
                self.written = 0;
            }
            let rest = self.outbox.get(self.written..).unwrap_or_default();
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
        self.inbox.extend_from_slice(self.chunk.get(..size).unwrap_or_default());
        Poll::Ready(Ok(()))
    }

    /// Gives the exchange every whole frame; whether there was one.
    fn hand_over(&mut self, exchange: &mut Exchange) -> Result<bool, ClientError> {
        let mut used = 0;
        let outcome = self.hand_over_from(&mut used, exchange);
        self.inbox.drain(..used);
        match outcome {
            // What came before the fault is taken first; then the fault is found again.
            Err(_) if used > 0 => Ok(true),
            outcome => outcome.map(|()| used > 0),
        }
    }

    fn hand_over_from(&self, used: &mut usize, exchange: &mut Exchange) -> Result<(), ClientError> {
        let rest = |used: usize| self.inbox.get(used..).unwrap_or_default();
        while let Next::Frame(frame) = frame::next(rest(*used), self.version, self.packet_size_max)? {
            exchange.receive(Packet::decode(&frame, self.version)?)?;
            *used += frame.wire.len();
        }
        Ok(())
    }
}

/// A connection that ends after DISCONNECT ends for the reason given there.
fn with_farewell(error: ClientError, exchange: &mut Exchange) -> ClientError {
    match exchange.take_farewell() {
        Some(disconnect) => ClientError::Disconnected(Box::new(disconnect)),
        None => error,
    }
}

/// Events that may wait to be taken.
const EVENTS_MAX: usize = 1_000_000;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Whether the other side ended the connection before us.
fn is_gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
}
