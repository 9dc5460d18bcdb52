//! The relay for TCP and what runs over it. Lost packets arrive late, as TCP would send them again.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Condition, is_lost};

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

/// Relays one connection until either side closes it, or the network is cut.
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
    let mut buffer = vec![0; BUFFER];
    loop {
        let size = from.read(&mut buffer).await?;
        if is_lost(&condition) {
            sleep(RETRANSMISSION).await;
        }
        let _ = condition.wait_for(|condition| !condition.is_black_hole).await;
        if size == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..size]).await?;
    }
}

const BUFFER: usize = 16 * 1024;
/// The least time after which TCP sends a packet again, on Linux.
const RETRANSMISSION: Duration = Duration::from_millis(200);
