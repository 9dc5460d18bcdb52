//! What can happen in a run.

use std::time::Duration;

use fastrand::Rng;

use super::Durability;
use crate::clients::{CLIENTS, SUBSCRIBERS};

/// Something that happens to the broker or its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// SIGKILL, and a start.
    Kill,
    /// SIGTERM, and a start; the machine may be restarted in between.
    Stop {
        /// Whether the machine is restarted.
        reboot: bool,
    },
    /// The disk has no space for a time. It may end with SIGKILL and a start.
    DiskFull {
        /// How long.
        time: Duration,
        /// Whether the broker is killed before there is space again.
        kill: bool,
    },
    /// Writes fail with EIO; the broker is then ended and started on a disk that works.
    WriteError(Signal),
    /// Syncs fail with EIO; the broker is then ended and started on a disk that works.
    SyncError(Signal),
    /// A new certificate, and SIGHUP.
    Reload,
    /// Every connection is cut.
    Cut,
    /// Nothing is forwarded for a time, in either direction. Connections stay open.
    BlackHole(Duration),
    /// From now on packets are lost: QUIC's are dropped, TCP's are late, as a retransmission would be. 0 ends it.
    Loss {
        /// The share in percent.
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
        /// How long.
        time: Duration,
    },
    /// The wall clock is set.
    ClockStep {
        /// By how much.
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
    /// SIGKILL and a start.
    Kill,
    /// SIGTERM, perhaps a restart of the machine, and a start.
    Stop,
    /// ENOSPC for a time.
    DiskFull,
    /// EIO from writes.
    WriteError,
    /// EIO from syncs; only with durability `always`: with `interval`, a failed sync may lose what it would have synced.
    SyncError,
    /// SIGHUP with a new certificate.
    Reload,
    /// Cut connections, black holes, lost packets.
    Network,
    /// A second connection of a client.
    Takeover,
    /// A client that is away for a time.
    Rest,
    /// A wall clock that is set.
    Clock,
}

impl Kind {
    /// All kinds, except for clock steps.
    pub const USUAL: [Self; 9] = [
        Self::Kill,
        Self::Stop,
        Self::DiskFull,
        Self::WriteError,
        Self::SyncError,
        Self::Reload,
        Self::Network,
        Self::Takeover,
        Self::Rest,
    ];

    /// Whether nothing acknowledged may be lost in such an event.
    #[must_use]
    pub fn fits(self, durability: Durability) -> bool {
        self != Self::SyncError || durability == Durability::Always
    }
}

impl Event {
    /// An event of that kind.
    pub fn random(kind: Kind, random: &mut Rng) -> Self {
        match kind {
            Kind::Kill => Self::Kill,
            Kind::Stop => Self::Stop { reboot: random.bool() },
            Kind::DiskFull => Self::DiskFull { time: milliseconds(random, 200..1200), kill: random.bool() },
            Kind::WriteError => Self::WriteError(Signal::random(random)),
            Kind::SyncError => Self::SyncError(Signal::random(random)),
            Kind::Reload => Self::Reload,
            Kind::Network => Self::on_network(random),
            Kind::Takeover => Self::Takeover { client: random.usize(..CLIENTS) },
            Kind::Rest => Self::of_rest(random),
            Kind::Clock => Self::on_clock(random),
        }
    }

    fn of_rest(random: &mut Rng) -> Self {
        Self::Rest { client: random.usize(..SUBSCRIBERS), time: milliseconds(random, 100..2000) }
    }

    fn on_clock(random: &mut Rng) -> Self {
        let seconds = random.choice(CLOCK_STEPS).unwrap_or(1);
        Self::ClockStep { seconds: if random.bool() { seconds } else { -seconds } }
    }

    fn on_network(random: &mut Rng) -> Self {
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
