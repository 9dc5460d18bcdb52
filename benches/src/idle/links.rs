//! Idle connections over TLS, WebSocket and QUIC, with the clients of `tidegate-transports`.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tidegate_transports::Link;
use tidegate_transports::client::{self, ClientTls};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::IdleConnections;
use crate::error::LoadError;
use crate::wire::{Version, build, packet_type};

mod exchange;

use exchange::{close, exchange, open};

/// The transport, the broker's address and the CA to trust.
#[derive(Debug, Clone)]
pub struct Transport {
    /// Name of the transport in reports.
    pub name: &'static str,
    /// URL scheme of the transport.
    pub scheme: &'static str,
    /// Address of the listener.
    pub address: SocketAddr,
    /// PEM file with the CA certificate to trust.
    pub ca: Option<PathBuf>,
    /// The MQTT version.
    pub version: Version,
}

/// Links that share one thread and its runtime.
#[derive(Debug)]
pub struct Links {
    runtime: Runtime,
    transport: Transport,
    target: client::Target,
    links: Vec<Link>,
    lost_links: u64,
}

/// Maximum number of concurrent handshakes.
const HANDSHAKES_MAX: usize = 32;
/// Time within which a connection must open, respond or close.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Interval at which waiting links respond to their transports, for example to WebSocket pings.
const SERVICE_INTERVAL: Duration = Duration::from_secs(5);

impl Links {
    /// Creates the runtime, without any connections.
    pub fn new(transport: Transport) -> Result<Self, LoadError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(LoadError::io("starting a runtime"))?;
        let target = format!("{}://{}", transport.scheme, transport.address)
            .parse()
            .map_err(|_| LoadError::Arguments("cannot connect to this target"))?;
        Ok(Self { runtime, transport, target, links: Vec::new(), lost_links: 0 })
    }

    /// Returns TLS settings that accept certificates for `localhost`, because the connections go to an IP address.
    fn tls(&self) -> ClientTls {
        ClientTls {
            ca_files: self.transport.ca.iter().cloned().collect(),
            server_name: Some("localhost".to_owned()),
            ..ClientTls::default()
        }
    }

    /// Responds to pings of the transports. Drops links that are closed or have received something.
    fn respond_to_transports(&mut self) {
        let _context = self.runtime.enter();
        let before = self.links.len();
        self.links.retain_mut(|link| {
            let mut context = Context::from_waker(Waker::noop());
            let quiet = link.poll_read(&mut context, &mut [0; 64]).is_pending();
            quiet && !matches!(link.poll_flush(&mut context), Poll::Ready(Err(_)))
        });
        self.lost_links += crate::number::count(before - self.links.len());
    }
}

impl IdleConnections for Links {
    fn transport(&self) -> &'static str {
        self.transport.name
    }

    fn open(&mut self, connections: u32) -> Result<(), LoadError> {
        let (target, version) = (Arc::new(self.target.clone()), self.transport.version);
        let tls = Arc::new(self.tls());
        let run = std::process::id();
        let links = self.runtime.block_on(async {
            let mut links = Vec::new();
            let mut opening = JoinSet::new();
            for index in 0..connections {
                if opening.len() >= HANDSHAKES_MAX {
                    links.push(joined_link(opening.join_next().await)?);
                }
                let (target, tls) = (Arc::clone(&target), Arc::clone(&tls));
                opening.spawn(
                    async move { open(&target, &tls, version, &format!("idle-{run:x}-{index}")).await },
                );
            }
            while !opening.is_empty() {
                links.push(joined_link(opening.join_next().await)?);
            }
            Ok::<_, LoadError>(links)
        })?;
        self.links = links;
        Ok(())
    }

    fn ping(&mut self) -> Result<(), LoadError> {
        let (runtime, links) = (&self.runtime, &mut self.links);
        runtime.block_on(async {
            for link in links {
                exchange(link, &build::PINGREQ, packet_type::PINGRESP, "PINGRESP").await?;
            }
            Ok(())
        })
    }

    fn disturbed(&mut self) -> u64 {
        self.respond_to_transports();
        self.lost_links
    }

    fn wait(&mut self, duration: Duration) {
        let mut remaining = duration;
        while !remaining.is_zero() {
            let pause = remaining.min(SERVICE_INTERVAL);
            self.runtime.block_on(async { tokio::time::sleep(pause).await });
            self.respond_to_transports();
            remaining -= pause;
        }
    }

    fn close(&mut self) -> Result<(), LoadError> {
        let mut links = VecDeque::from(std::mem::take(&mut self.links));
        self.runtime.block_on(async {
            let mut closing = JoinSet::new();
            while let Some(mut link) = links.pop_front() {
                if closing.len() >= HANDSHAKES_MAX {
                    closing.join_next().await;
                }
                closing.spawn(async move { timeout(RESPONSE_TIMEOUT, close(&mut link)).await });
            }
            while closing.join_next().await.is_some() {}
        });
        Ok(())
    }
}

fn joined_link(
    opened: Option<Result<Result<Link, LoadError>, tokio::task::JoinError>>,
) -> Result<Link, LoadError> {
    match opened {
        Some(Ok(link)) => link,
        _ => Err(LoadError::Closed),
    }
}
