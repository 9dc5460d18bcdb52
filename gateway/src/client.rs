//! An MQTT client over any transport: behind `tidegate pub` and `tidegate sub`, and for tests. No reconnecting by
//! itself: what outlives a connection is the caller's [`State`].

mod aliases;
mod capabilities;
mod connect;
mod connection;
mod error;
mod event;
mod framed_link;
mod keep_alive;
mod options;
mod request;
mod state;

use std::time::Duration;

use tidegate_mqtt::{Ack, ConnAck, Disconnect, Packet, PacketId, Publish, ReasonCode};
use tidegate_transports::Link;
use tokio::time::{Instant, timeout};

pub use capabilities::Capabilities;
pub use error::{ClientError, reason_text};
pub use event::{Acknowledged, Event};
pub use options::{Options, Side};
pub use state::State;

use connection::Connection;
use framed_link::{Activity, FramedLink};
use keep_alive::KeepAlive;

/// One connection of a client. Nothing happens between calls: whoever waits in one of the `async` methods drives it.
/// Every one of them can be dropped half way and called again.
pub struct Client {
    framed_link: FramedLink,
    connection: Connection,
    keep_alive: KeepAlive,
    connack: ConnAck,
}

impl Client {
    /// Waits for something to happen: bytes written, packets received, a ping due. Events that it brings are taken
    /// by [`Client::take_event`].
    ///
    /// # Errors
    /// When the connection is over. Events that came before are still there.
    pub async fn progress(&mut self) -> Result<(), ClientError> {
        if self.backlog() > 0 {
            self.keep_alive.sent(Instant::now());
        }
        tokio::select! {
            activity = self.framed_link.progress(&mut self.connection) => {
                if activity? == Activity::Received {
                    self.keep_alive.received();
                }
            }
            due = self.keep_alive.ping_due() => {
                due?;
                self.connection.send(&Packet::PingReq)?;
            }
        }
        Ok(())
    }

    /// The next event that is there already. Taking a message acknowledges it, unless that is the caller's to do.
    pub fn take_event(&mut self) -> Option<Event> {
        self.connection.take_event(|_| true)
    }

    /// Waits for the next event, whatever it is.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn event(&mut self) -> Result<Event, ClientError> {
        self.wait_for(|_| true).await
    }

    /// Waits for the next message; other events stay for later.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn message(&mut self) -> Result<Publish, ClientError> {
        match self.wait_for(|event| matches!(event, Event::Message(_))).await? {
            Event::Message(message) => Ok(message),
            _ => unreachable!("only messages were asked for"),
        }
    }

    /// Waits until a message of ours is done with; other events stay for later.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn acknowledged(&mut self, packet_id: PacketId) -> Result<Acknowledged, ClientError> {
        let is_expected =
            |event: &Event| matches!(event, Event::Acknowledged(done) if done.packet_id == packet_id);
        match self.wait_for(is_expected).await? {
            Event::Acknowledged(done) => Ok(done),
            _ => unreachable!("only acknowledgements were asked for"),
        }
    }

    /// Sends a message as soon as the window allows. The packet identifier is chosen here, and given back for QoS 1
    /// and 2: the message is done when [`Event::Acknowledged`] names it.
    ///
    /// # Errors
    /// When the server does not take such a message, or the connection is over.
    pub async fn publish(&mut self, message: Publish) -> Result<Option<PacketId>, ClientError> {
        self.capabilities().check(&message)?;
        while !self.can_publish() {
            self.progress().await?;
        }
        let packet_id = self.connection.publish(message)?;
        self.framed_link.try_flush(&mut self.connection).await?;
        Ok(packet_id)
    }

    /// Whether [`Client::publish`] would not wait: neither for acknowledgements nor for the network.
    #[must_use]
    pub fn can_publish(&self) -> bool {
        self.connection.has_send_quota() && self.backlog() < BACKLOG_MAX
    }

    /// Sends an acknowledgement, for callers that do so themselves ([`Options::receiving`], [`Options::sending`]).
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn acknowledge(&mut self, ack: &Ack) -> Result<(), ClientError> {
        self.connection.send_ack(ack);
        self.framed_link.flush(&mut self.connection).await
    }

    /// Sends any packet as it is.
    ///
    /// # Errors
    /// When it has no encoding or the connection is over.
    pub async fn send(&mut self, packet: &Packet) -> Result<(), ClientError> {
        self.connection.send(packet)?;
        self.framed_link.flush(&mut self.connection).await
    }

    /// Sends bytes as they are, whatever they mean.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.connection.send_bytes(bytes);
        self.framed_link.flush(&mut self.connection).await
    }

    /// Waits until all that was said is written, all our messages are acknowledged, and all QoS 2 messages received
    /// are released.
    ///
    /// # Errors
    /// When the connection is over.
    pub async fn settle(&mut self) -> Result<(), ClientError> {
        while !self.is_settled() {
            self.progress().await?;
        }
        Ok(())
    }

    /// Whether [`Client::settle`] would not wait.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.backlog() == 0 && self.connection.state().is_settled()
    }

    /// Says DISCONNECT, closes the link, and gives back what the next connection of the session needs.
    ///
    /// # Errors
    /// When the connection broke first.
    pub async fn disconnect(mut self, reason: ReasonCode) -> Result<State, ClientError> {
        self.connection.send(&Packet::Disconnect(Disconnect::new(reason)))?;
        let closing = async {
            self.framed_link.flush(&mut self.connection).await?;
            self.framed_link.close().await
        };
        timeout(DISCONNECT_TIMEOUT, closing).await.map_err(|_| ClientError::Timeout("closing"))??;
        Ok(self.connection.into_state())
    }

    /// Drops the connection without a word, as a network does that fails.
    #[must_use]
    pub fn abandon(self) -> State {
        self.connection.into_state()
    }

    /// The server's answer to CONNECT.
    #[must_use]
    pub fn connack(&self) -> &ConnAck {
        &self.connack
    }

    /// What the server allows.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.connection.capabilities()
    }

    /// What would outlive this connection now.
    #[must_use]
    pub fn state(&self) -> &State {
        self.connection.state()
    }

    /// The link below.
    #[must_use]
    pub fn link(&self) -> &Link {
        self.framed_link.link()
    }

    fn backlog(&self) -> usize {
        self.framed_link.backlog() + self.connection.output_len()
    }

    async fn wait_for(&mut self, wanted: impl Fn(&Event) -> bool) -> Result<Event, ClientError> {
        loop {
            if let Some(event) = self.connection.take_event(&wanted) {
                // Taken is taken, also when the answer cannot be sent any more: at QoS 2 it does not come again. If the
                // connection is over, the next call says so.
                let _ = self.framed_link.try_flush(&mut self.connection).await;
                return Ok(event);
            }
            self.progress().await?;
        }
    }
}

/// Bytes that may wait for the network before a publisher waits too.
const BACKLOG_MAX: usize = 256 * 1024;
/// How long an orderly end may take.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
