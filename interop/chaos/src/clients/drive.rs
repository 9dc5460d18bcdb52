//! The life of a client: connection after connection, with the work of its role on each.

use tidegate_gateway::client::{Client, ClientError};
use tidegate_mqtt::{Disconnect, Packet, ReasonCode, Will};
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::endpoint::Endpoint;
use super::{Order, Phase};

/// What a client does on its connections.
pub trait Role {
    /// The will of the next connection.
    fn will(&mut self) -> Option<Will> {
        None
    }

    /// A connection begins.
    async fn begin(&mut self, client: &mut Client) -> Result<(), ClientError>;

    /// Does something, or waits. Must be cancel-safe.
    async fn turn(&mut self, client: &mut Client) -> Result<(), ClientError>;

    /// Takes everything that has arrived, because the connection ends.
    fn take_events(&mut self, client: &mut Client);

    /// Whether it sends DISCONNECT before it rests.
    fn takes_leave(&self) -> bool {
        true
    }
}

/// Why a client leaves its connection.
enum End {
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
        let end = talk(&endpoint, &mut client, &mut role, &mut orders).await;
        match end {
            End::Broken(error) => {
                endpoint.judge(&error);
                role.take_events(&mut client);
                endpoint.state = client.abandon();
            }
            End::Ordered(Order::TakeOver) => {
                role.take_events(&mut client);
                endpoint.state = client.state().clone();
                former = Some(client);
            }
            End::Ordered(Order::Rest(time)) => {
                if role.takes_leave() {
                    disconnect(&mut client).await;
                }
                role.take_events(&mut client);
                endpoint.state = client.abandon();
                sleep(time).await;
            }
            End::Finished => {
                // Whatever comes too often comes before PINGRESP.
                let result = client.ping().await;
                result.err().iter().for_each(|error| endpoint.judge(error));
                role.take_events(&mut client);
                return disconnect(&mut client).await;
            }
        }
    }
}

async fn talk(
    endpoint: &Endpoint,
    client: &mut Client,
    role: &mut impl Role,
    orders: &mut mpsc::Receiver<Order>,
) -> End {
    let mut phase = endpoint.phase();
    tokio::select! {
        error = work(client, role) => End::Broken(error),
        Some(order) = orders.recv() => End::Ordered(order),
        _ = phase.wait_for(|phase| *phase == Phase::Ending) => End::Finished,
    }
}

/// Works until the connection ends.
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
