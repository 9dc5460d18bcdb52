//! Connecting: establishes the link, sends CONNECT, and waits for CONNACK.

use tidegate_mqtt::{Packet, frame};
use tidegate_transports::{Link, client};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use super::framed_link::FramedLink;
use super::keep_alive::KeepAlive;
use super::{Client, ClientError, Options, State};

impl Client {
    /// Connects. If the server has kept the session, unacknowledged messages in `state` are sent again; otherwise they
    /// are dropped.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the connection.
    pub async fn connect(options: &Options, state: State) -> Result<Self, ClientError> {
        let connected = async {
            let link = client::connect_within(&options.target, &options.tls, options.connect_timeout).await?;
            Self::connect_over(link, options, state).await
        };
        timeout(options.connect_timeout, connected)
            .await
            .map_err(|_| ClientError::Timeout("while connecting"))?
    }

    /// Connects over an existing link.
    ///
    /// # Errors
    /// When the link fails or the server refuses the connection.
    pub async fn connect_over(link: Link, options: &Options, state: State) -> Result<Self, ClientError> {
        let connect = &options.connect;
        let mut connect_bytes = Vec::new();
        Packet::from(connect.clone()).encode(connect.version, &mut connect_bytes)?;
        let packet_size_max = connect.packet_size_max.unwrap_or(frame::PACKET_SIZE_MAX);
        let mut framed_link = FramedLink::new(link, connect.version, packet_size_max);
        framed_link.write(&connect_bytes).await?;
        let Packet::ConnAck(connack) = framed_link.packet().await? else {
            return Err(ClientError::Unexpected("the first packet is not CONNACK"));
        };
        if connack.reason.is_error() {
            return Err(ClientError::Refused(connack));
        }
        let connection = Connection::new(options, &connack, state);
        let keep_alive = KeepAlive::new(connection.capabilities().keep_alive, Instant::now());
        Ok(Self { framed_link, connection, keep_alive, connack: *connack })
    }
}
