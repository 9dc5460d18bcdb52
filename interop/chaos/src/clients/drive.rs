//! The loop of a client: it connects, does the work of its role until the connection ends, and connects again.

use tidegate_client::{Client, ClientError};
use tidegate_mqtt::{Disconnect, Packet, ReasonCode, Will};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::endpoint::Endpoint;
use super::{Order, Phase};

/// The work that a client does on its connections.
pub trait Role {
    /// Returns the will of the next connection.
    fn will(&mut self) -> Option<Will> {
        None
    }

    /// Starts the work on a new connection.
    async fn begin(&mut self, client: &mut Client) -> Result<(), ClientError>;

    /// Does one piece of work, or waits for the broker. Must be cancel-safe.
    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError>;

    /// Handles all events that the client has received. Called when the connection ends.
    fn take_events(&mut self, client: &mut Client);

    /// Whether the client sends DISCONNECT before it stays disconnected for a time.
    fn sends_disconnect(&self) -> bool {
        true
    }
}

/// The reason for which the work on a connection ends.
enum ConnectionEnd {
    Broken(ClientError),
    Ordered(Order),
    Finished,
}

/// Runs a client until [`Phase::Ending`].
pub async fn drive(mut endpoint: Endpoint, mut role: impl Role, mut orders: mpsc::Receiver<Order>) {
    let mut former = None;
    loop {
        let Some(mut client) = endpoint.try_connect(role.will()).await else { continue };
        drop(former.take());
        let end = run_connection(&endpoint, &mut client, &mut role, &mut orders).await;
        match end {
            ConnectionEnd::Broken(error) => {
                endpoint.record_unexpected_error(&error);
                role.take_events(&mut client);
                endpoint.state = client.drop_without_disconnect();
            }
            ConnectionEnd::Ordered(Order::TakeOver) => {
                role.take_events(&mut client);
                endpoint.state = client.state().clone();
                former = Some(client);
            }
            ConnectionEnd::Ordered(Order::Rest(time)) => {
                if role.sends_disconnect() {
                    disconnect(&mut client).await;
                }
                role.take_events(&mut client);
                endpoint.state = client.drop_without_disconnect();
                sleep(time).await;
            }
            ConnectionEnd::Finished => {
                // The broker sends PINGRESP after all copies, so a QoS 2 message that it delivers twice arrives before.
                let result = client.ping().await;
                result.err().iter().for_each(|error| endpoint.record_unexpected_error(error));
                role.take_events(&mut client);
                return disconnect(&mut client).await;
            }
        }
    }
}

async fn run_connection(
    endpoint: &Endpoint,
    client: &mut Client,
    role: &mut impl Role,
    orders: &mut mpsc::Receiver<Order>,
) -> ConnectionEnd {
    let mut phase = endpoint.phase();
    tokio::select! {
        error = work(client, role) => ConnectionEnd::Broken(error),
        Some(order) = orders.recv() => ConnectionEnd::Ordered(order),
        _ = phase.wait_for(|phase| *phase == Phase::Ending) => ConnectionEnd::Finished,
    }
}

/// Does the work of the role until the connection fails.
async fn work(client: &mut Client, role: &mut impl Role) -> ClientError {
    let mut result = role.begin(client).await;
    while result.is_ok() {
        result = role.turn(client).await;
    }
    result.expect_err("the loop ends with an error")
}

async fn disconnect(client: &mut Client) {
    // The connection may have ended already.
    let _ = client.send(&Packet::Disconnect(Disconnect::new(ReasonCode::Success))).await;
}
