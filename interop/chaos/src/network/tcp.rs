//! The relay for TCP and the transports over TCP. The relay delays a lost packet, because TCP would retransmit it.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Condition, draw_loss};

pub async fn start(from: u16, to: u16, condition: watch::Receiver<Condition>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, from)).await.expect("a free port");
    spawn_local(async move {
        loop {
            if let Ok((client, _)) = listener.accept().await {
                spawn_local(relay(client, to, condition.clone()));
            }
        }
    });
}

/// Relays one connection until either side closes it, or the network cuts all connections.
async fn relay(client: TcpStream, to: u16, mut condition: watch::Receiver<Condition>) {
    let cuts = condition.borrow().cuts;
    let is_cut = |condition: &Condition| condition.cuts != cuts;
    let relaying = relay_until_closed(client, to, condition.clone());
    tokio::select! {
        _ = relaying => {}
        _ = condition.wait_for(is_cut) => {}
    }
}

async fn relay_until_closed(
    client: TcpStream,
    to: u16,
    condition: watch::Receiver<Condition>,
) -> io::Result<()> {
    let broker = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await?;
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let ((client_in, client_out), (broker_in, broker_out)) = (client.into_split(), broker.into_split());
    let (up, down) =
        tokio::join!(copy(client_in, broker_out, condition.clone()), copy(broker_in, client_out, condition));
    up.and(down)
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut condition: watch::Receiver<Condition>,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let size = from.read(&mut buffer).await?;
        if draw_loss(&condition) {
            sleep(RETRANSMISSION_DELAY).await;
        }
        let _ = condition.wait_for(|condition| !condition.is_black_hole).await;
        if size == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..size]).await?;
    }
}

const BUFFER_SIZE: usize = 16 * 1024;
/// The shortest time after which TCP retransmits a packet on Linux.
const RETRANSMISSION_DELAY: Duration = Duration::from_millis(200);
