//! The relay for QUIC. For each client address, the relay opens a separate socket to the broker. When the network cuts
//! all connections, the relay closes these sockets, and datagrams that the broker sends to them are lost.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::{AbortHandle, spawn_local};

use super::{Condition, draw_loss};

pub async fn start(from: u16, to: u16, condition: watch::Receiver<Condition>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, from)).await.expect("a free port");
    spawn_local(relay(Rc::new(socket), to, condition));
}

/// The relay's socket to the broker for one client, and the task that forwards the broker's datagrams to that client.
struct Peer {
    socket: Rc<UdpSocket>,
    answers: AbortHandle,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.answers.abort();
    }
}

async fn relay(socket: Rc<UdpSocket>, to: u16, condition: watch::Receiver<Condition>) {
    let mut peers: HashMap<SocketAddr, Peer> = HashMap::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    let mut cuts = 0;
    loop {
        // An error refers to a datagram sent earlier, whose receiver no longer exists.
        let Ok((size, client)) = socket.recv_from(&mut buffer).await else { continue };
        if condition.borrow().cuts != cuts || peers.len() >= PEERS_MAX {
            cuts = condition.borrow().cuts;
            peers.clear();
        }
        let peer = match peers.entry(client) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(connect(&socket, client, to, condition.clone()).await),
        };
        if !condition.borrow().is_black_hole && !draw_loss(&condition) {
            let _ = peer.socket.send(&buffer[..size]).await;
        }
    }
}

async fn connect(
    relay: &Rc<UdpSocket>,
    client: SocketAddr,
    to: u16,
    condition: watch::Receiver<Condition>,
) -> Peer {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    socket.connect((Ipv4Addr::LOCALHOST, to)).await.expect("an address on loopback");
    let socket = Rc::new(socket);
    let answers = spawn_local(forward_answers(Rc::clone(&socket), Rc::clone(relay), client, condition));
    Peer { socket, answers: answers.abort_handle() }
}

async fn forward_answers(
    from: Rc<UdpSocket>,
    relay: Rc<UdpSocket>,
    client: SocketAddr,
    condition: watch::Receiver<Condition>,
) {
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        // An error means that the broker is not running.
        let Ok(size) = from.recv(&mut buffer).await else { continue };
        if !condition.borrow().is_black_hole && !draw_loss(&condition) {
            let _ = relay.send_to(&buffer[..size], client).await;
        }
    }
}

const DATAGRAM_MAX: usize = 65_536;
/// Number of client addresses above which the relay closes all sockets. Each connection of a client uses a new port, so
/// the relay would otherwise keep the sockets of all former connections.
const PEERS_MAX: usize = 500;
