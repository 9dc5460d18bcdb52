//! The events that can happen in a run.

use std::time::Duration;

use fastrand::Rng;

use super::Durability;
use crate::clients::{CLIENTS, SUBSCRIBERS};

/// An event that happens to the broker or its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The broker is ended with SIGKILL and started again.
    Kill {
        /// Whether the machine is restarted in between.
        reboot: bool,
    },
    /// The broker is ended with SIGTERM and started again.
    Stop {
        /// Whether the machine is restarted in between.
        reboot: bool,
    },
    /// The disk has no space for a time. With `kill`, the broker is then ended with SIGKILL and started again.
    DiskFull {
        /// Time for which the event lasts.
        time: Duration,
        /// Whether the broker is killed before the disk has space again.
        kill: bool,
    },
    /// Writes fail with EIO; the broker is then ended and started on a disk that works.
    WriteError(Signal),
    /// Syncs fail with EIO; the broker is then ended and started on a disk that works.
    SyncError(Signal),
    /// The certificate is replaced and the broker receives SIGHUP.
    Reload,
    /// The network cuts every connection.
    Cut,
    /// The network forwards nothing in either direction for this time. Connections stay open.
    BlackHole(Duration),
    /// The network loses this share of the packets until the next such event: the relay drops datagrams of QUIC, and
    /// delays data of TCP as a retransmission would.
    Loss {
        /// Share of the packets in percent; 0 ends the loss.
        percent: u8,
    },
    /// A client connects again, over any transport, while its former connection is still open.
    Takeover {
        /// The index of the client.
        client: usize,
    },
    /// A client disconnects, and connects again after a time.
    Rest {
        /// The index of the client.
        client: usize,
        /// Time for which the client stays disconnected.
        time: Duration,
    },
    /// The wall clock is set forward or back.
    ClockStep {
        /// Number of seconds added to the wall clock.
        seconds: i64,
    },
}

/// How the broker is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Terminate,
}

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// The broker is ended with SIGKILL and started again, with durability `always` perhaps after a restart of the machine.
    Kill,
    /// The broker is ended with SIGTERM and started again, perhaps after a restart of the machine.
    Stop,
    /// Writes fail with ENOSPC for a time.
    DiskFull,
    /// Writes fail with EIO.
    WriteError,
    /// Syncs fail with EIO. Only with durability `always`: with `interval`, a failed sync may lose acknowledged
    /// messages.
    SyncError,
    /// The broker receives SIGHUP after its certificate was replaced.
    Reload,
    /// Connections are cut, nothing is forwarded for a time, or packets are lost.
    Network,
    /// A client connects again while its former connection is still open.
    Takeover,
    /// A client disconnects and connects again after a time.
    Rest,
    /// The wall clock is set forward or back.
    Clock,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Kill,
        Self::Stop,
        Self::DiskFull,
        Self::WriteError,
        Self::SyncError,
        Self::Reload,
        Self::Network,
        Self::Takeover,
        Self::Rest,
        Self::Clock,
    ];

    /// Whether the broker promises with this durability to lose no acknowledged message in an event of this kind.
    #[must_use]
    pub fn fits(self, durability: Durability) -> bool {
        self != Self::SyncError || durability == Durability::Always
    }
}

impl Event {
    /// Draws an event of a kind that fits the durability.
    pub fn random(kind: Kind, durability: Durability, random: &mut Rng) -> Self {
        match kind {
            Kind::Kill => Self::random_kill(durability, random),
            Kind::Stop => Self::Stop { reboot: random.bool() },
            Kind::DiskFull => Self::DiskFull { time: milliseconds(random, 200..1200), kill: random.bool() },
            Kind::WriteError => Self::WriteError(Signal::random(random)),
            Kind::SyncError => Self::SyncError(Signal::random(random)),
            Kind::Reload => Self::Reload,
            Kind::Network => Self::random_network_event(random),
            Kind::Takeover => Self::Takeover { client: random.usize(..CLIENTS) },
            Kind::Rest => Self::random_rest(random),
            Kind::Clock => Self::random_clock_step(random),
        }
    }

    fn random_kill(durability: Durability, random: &mut Rng) -> Self {
        Self::Kill { reboot: random.bool() && durability == Durability::Always }
    }

    fn random_rest(random: &mut Rng) -> Self {
        Self::Rest { client: random.usize(..SUBSCRIBERS), time: milliseconds(random, 100..2000) }
    }

    fn random_clock_step(random: &mut Rng) -> Self {
        let seconds = random.choice(CLOCK_STEPS).unwrap_or(1);
        Self::ClockStep { seconds: if random.bool() { seconds } else { -seconds } }
    }

    fn random_network_event(random: &mut Rng) -> Self {
        match random.u8(..4) {
            0 => Self::Cut,
            1 => Self::BlackHole(milliseconds(random, 100..4000)),
            2 => Self::Loss { percent: 0 },
            _ => Self::Loss { percent: random.u8(1..30) },
        }
    }
}

impl Signal {
    fn random(random: &mut Rng) -> Self {
        if random.bool() { Self::Kill } else { Self::Terminate }
    }
}

fn milliseconds(random: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.u64(range))
}

/// One second, a minute, an hour, a day, ten years.
const CLOCK_STEPS: [i64; 5] = [1, 60, 3600, 86_400, 315_576_000];
