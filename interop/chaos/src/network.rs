//! The network between clients and broker: a relay for every transport, on loopback. A relay can cut connections,
//! forward nothing, and lose packets.

use std::collections::HashMap;

use tidegate_interop::broker::Broker;
use tidegate_interop::config::free_port;
use tidegate_interop::transport::Transport;
use tokio::sync::watch;

mod tcp;
mod udp;

/// The faults of the network at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Whether the relays forward nothing.
    pub is_black_hole: bool,
    /// Percentage of the packets that are lost.
    pub loss: u8,
    /// Number of times that all connections were cut. A change makes the relays close theirs.
    pub cuts: u64,
}

/// The ports that clients use: those of the relays, or those of the broker itself.
#[derive(Clone, Debug)]
pub struct Routes(HashMap<Transport, u16>);

impl Routes {
    /// Returns the ports of the broker itself.
    #[must_use]
    pub fn direct(broker: &Broker) -> Self {
        Self(Transport::ALL.map(|transport| (transport, broker.port(transport))).into())
    }

    /// Returns a free port for the relay of each transport.
    #[must_use]
    pub fn relayed() -> Self {
        Self(Transport::ALL.map(|transport| (transport, free_port())).into())
    }

    /// Returns the URL to connect to over a transport.
    #[must_use]
    pub fn url(&self, transport: Transport) -> String {
        // The client would try `localhost` over IPv6 as well, but relays listen on IPv4 only.
        transport.url(self.port(transport)).replace("localhost", "127.0.0.1")
    }

    fn port(&self, transport: Transport) -> u16 {
        *self.0.get(&transport).expect("a port for each transport")
    }

    /// Starts the relays from these ports to those of `broker`. Must be called in a `LocalSet`.
    pub async fn start_relays(&self, broker: &Self, condition: &watch::Receiver<Condition>) {
        for transport in Transport::ALL {
            let (from, to) = (self.port(transport), broker.port(transport));
            if transport == Transport::Quic {
                udp::start(from, to, condition.clone()).await;
            } else {
                tcp::start(from, to, condition.clone()).await;
            }
        }
    }
}

/// Draws at random whether the network loses a packet.
fn draw_loss(condition: &watch::Receiver<Condition>) -> bool {
    fastrand::u8(..100) < condition.borrow().loss
}
