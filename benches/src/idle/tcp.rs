//! Idle connections over plain TCP.

use std::time::Duration;

use super::{IdleConnections, KEEP_ALIVE};
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::wire::{build, packet_type};

/// TCP connections, opened one after the other.
#[derive(Debug)]
pub struct Tcp {
    target: Target,
    connections: Vec<BlockingConnection>,
}

impl Tcp {
    /// Creates an empty list of connections to `target`.
    pub const fn new(target: Target) -> Self {
        Self { target, connections: Vec::new() }
    }
}

impl IdleConnections for Tcp {
    fn transport(&self) -> &'static str {
        "tcp"
    }

    fn open(&mut self, connections: u32) -> Result<(), LoadError> {
        let run = std::process::id();
        for index in 0..connections {
            let connection =
                BlockingConnection::connect(&self.target, &format!("idle-{run:x}-{index}"), KEEP_ALIVE)?;
            self.connections.push(connection);
        }
        Ok(())
    }

    fn ping(&mut self) -> Result<(), LoadError> {
        for connection in &mut self.connections {
            connection.send(&build::PINGREQ)?;
            connection.with_packet(|packet| match packet.packet_type() {
                packet_type::PINGRESP => Ok(()),
                packet_type => Err(LoadError::Unexpected { expected: "PINGRESP", packet_type }),
            })?;
            connection.free_memory();
        }
        Ok(())
    }

    fn disturbed(&mut self) -> u64 {
        self.connections.iter_mut().map(|connection| u64::from(!connection.is_idle())).sum()
    }

    fn wait(&mut self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn close(&mut self) -> Result<(), LoadError> {
        self.connections.drain(..).try_for_each(BlockingConnection::disconnect)
    }
}
