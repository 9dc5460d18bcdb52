//! An MQTT client over any transport, for `tidegate pub`, `tidegate sub`, bridges and tests. The client does not
//! reconnect by itself. The caller keeps the [`State`] that outlives a connection.

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
pub use options::{AckSender, Options};
pub use state::State;

use connection::Connection;
use framed_link::{Activity, FramedLink};
use keep_alive::KeepAlive;

/// One connection of a client. It has no background task: the connection makes progress only while the caller awaits
/// one of the `async` methods. All of them are cancel-safe.
///
/// # Examples
///
/// ```no_run
/// use tidegate_client::{Client, Options, State};
/// use tidegate_mqtt::{ProtocolVersion, Publish, QoS, ReasonCode};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let options = Options::new("mqtt://localhost:1883".parse()?, ProtocolVersion::V5, "sensor-7");
/// let mut client = Client::connect(&options, State::default()).await?;
///
/// let message = Publish { qos: QoS::AtLeastOnce, ..Publish::new("rooms/1/temperature", "21.5") };
/// client.publish(message).await?;
/// // Wait for PUBACK.
/// client.finish_exchanges().await?;
/// client.disconnect(ReasonCode::Success).await?;
/// # Ok(())
/// # }
/// ```
pub struct Client {
    framed_link: FramedLink,
    connection: Connection,
    keep_alive: KeepAlive,
    connack: ConnAck,
}

impl Client {
    /// Waits until something happens: bytes are written, packets are received, or a ping is due. Received events can be
    /// taken with [`Client::take_event`].
    ///
    /// # Errors
    /// When the connection has ended. Events received before are still available.
    pub async fn progress(&mut self) -> Result<(), ClientError> {
        if self.backlog() > 0 {
            self.keep_alive.record_sent(Instant::now());
        }
        tokio::select! {
            activity = self.framed_link.progress(&mut self.connection) => {
                if activity? == Activity::Received {
                    self.keep_alive.record_received();
                }
            }
            due = self.keep_alive.wait_until_ping_due() => {
                due?;
                self.connection.send(&Packet::PingReq)?;
            }
        }
        Ok(())
    }

    /// Takes the next event, if one has been received. Taking a message acknowledges the message, unless the
    /// caller sends the acknowledgements ([`Options::receiving`]).
    pub fn take_event(&mut self) -> Option<Event> {
        self.connection.take_event(|_| true)
    }

    /// Waits for the next event of any kind.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn event(&mut self) -> Result<Event, ClientError> {
        self.wait_for(|_| true).await
    }

    /// Waits for the next message; other events stay queued.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn message(&mut self) -> Result<Publish, ClientError> {
        match self.wait_for(|event| matches!(event, Event::Message(_))).await? {
            Event::Message(message) => Ok(message),
            _ => unreachable!("the filter accepts only messages"),
        }
    }

    /// Waits until a published message is fully acknowledged; other events stay queued.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn acknowledged(&mut self, packet_id: PacketId) -> Result<Acknowledged, ClientError> {
        let is_expected =
            |event: &Event| matches!(event, Event::Acknowledged(done) if done.packet_id == packet_id);
        match self.wait_for(is_expected).await? {
            Event::Acknowledged(done) => Ok(done),
            _ => unreachable!("the filter accepts only acknowledgements"),
        }
    }

    /// Sends a message as soon as the send quota allows. At QoS 1 and 2, assigns a packet identifier to the message and
    /// returns it. The message is fully acknowledged when an [`Event::Acknowledged`] has this identifier.
    ///
    /// # Errors
    /// When the server does not accept such a message, or the connection has ended.
    pub async fn publish(&mut self, message: Publish) -> Result<Option<PacketId>, ClientError> {
        self.capabilities().check(&message)?;
        while !self.can_publish() {
            self.progress().await?;
        }
        let packet_id = self.connection.publish(message)?;
        self.framed_link.try_flush(&mut self.connection).await?;
        Ok(packet_id)
    }

    /// Whether [`Client::publish`] would send at once, without waiting for acknowledgements or the network.
    #[must_use]
    pub fn can_publish(&self) -> bool {
        self.connection.has_send_quota() && self.backlog() < BACKLOG_MAX
    }

    /// Sends an acknowledgement, for callers that acknowledge themselves ([`Options::receiving`],
    /// [`Options::sending`]).
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn acknowledge(&mut self, ack: &Ack) -> Result<(), ClientError> {
        self.connection.send_ack(ack);
        self.framed_link.flush(&mut self.connection).await
    }

    /// Sends any packet unchanged.
    ///
    /// # Errors
    /// When the packet cannot be encoded or the connection has ended.
    pub async fn send(&mut self, packet: &Packet) -> Result<(), ClientError> {
        self.connection.send(packet)?;
        self.framed_link.flush(&mut self.connection).await
    }

    /// Sends any bytes unchanged.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.connection.send_bytes(bytes);
        self.framed_link.flush(&mut self.connection).await
    }

    /// Waits until all output is written, all published messages are acknowledged, and all received QoS 2 messages are
    /// released.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn finish_exchanges(&mut self) -> Result<(), ClientError> {
        while !self.has_no_open_exchange() {
            self.progress().await?;
        }
        Ok(())
    }

    /// Whether [`Client::finish_exchanges`] has nothing to wait for.
    #[must_use]
    pub fn has_no_open_exchange(&self) -> bool {
        self.backlog() == 0 && self.connection.state().has_no_open_exchange()
    }

    /// Sends DISCONNECT, closes the link, and returns the state for the session's next connection.
    ///
    /// # Errors
    /// If the connection has already ended, or closing it takes too long.
    pub async fn disconnect(mut self, reason: ReasonCode) -> Result<State, ClientError> {
        self.connection.send(&Packet::Disconnect(Disconnect::new(reason)))?;
        let closing = async {
            self.framed_link.flush(&mut self.connection).await?;
            self.framed_link.close().await
        };
        timeout(DISCONNECT_TIMEOUT, closing).await.map_err(|_| ClientError::Timeout("while closing"))??;
        Ok(self.connection.into_state())
    }

    /// Drops the connection without DISCONNECT, like a network failure.
    #[must_use]
    pub fn drop_without_disconnect(self) -> State {
        self.connection.into_state()
    }

    /// Returns the server's CONNACK.
    #[must_use]
    pub fn connack(&self) -> &ConnAck {
        &self.connack
    }

    /// Returns the capabilities of the server, from its CONNACK.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.connection.capabilities()
    }

    /// Returns the session state that outlives this connection.
    #[must_use]
    pub fn state(&self) -> &State {
        self.connection.state()
    }

    /// Returns the underlying link.
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
                // Return the event even if its acknowledgement cannot be sent: the event is recorded as taken, and a
                // QoS 2 message is not delivered again. If the connection has ended, the next call reports that.
                let _ = self.framed_link.try_flush(&mut self.connection).await;
                return Ok(event);
            }
            self.progress().await?;
        }
    }
}

/// Number of unsent bytes at which `publish` waits for the network before it sends another message. This many bytes
/// keep the network busy without holding many messages in memory.
const BACKLOG_MAX: usize = 256 * 1024;
/// Time limit for sending DISCONNECT and closing the link. A broker that does not read within this time gets no orderly
/// close.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
