//! The plan of a run: the events that happen to the broker and its clients, in their order. The seed and the choices
//! determine the plan.

use std::fmt;

use fastrand::Rng;

mod event;

pub use event::{Event, Kind, Signal};

/// The events of a run and the broker's durability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed of the random choices in the plan and in the clients.
    pub seed: u64,
    /// The broker's durability setting.
    pub durability: Durability,
    /// The sync interval as written in the configuration, for [`Durability::Interval`]. With a long interval, the store
    /// is synced only when the broker stops.
    pub interval: &'static str,
    /// The events, in their order.
    pub steps: Vec<Step>,
}

/// An event and the time at which it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of acknowledgements that publishers receive between the previous event and this event.
    pub after: u64,
    /// The event.
    pub event: Event,
}

/// The durabilities under which acknowledged messages survive the end of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// The broker syncs each commit.
    Always,
    /// The broker syncs once per interval.
    Interval,
}

/// The choices from which a plan is drawn.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The number of events.
    pub events: usize,
    /// The kinds of events that may happen.
    pub kinds: Vec<Kind>,
    /// The durability; `None` lets the seed choose.
    pub durability: Option<Durability>,
}

impl Plan {
    /// Draws the plan of a seed.
    #[must_use]
    pub fn new(seed: u64, choices: &Choices) -> Self {
        let mut random = Rng::with_seed(seed);
        let drawn = if random.bool() { Durability::Always } else { Durability::Interval };
        let durability = choices.durability.unwrap_or(drawn);
        let interval = random.choice(["100ms", "1m"]).unwrap_or("100ms");
        let kinds: Vec<_> = choices.kinds.iter().copied().filter(|kind| kind.fits(durability)).collect();
        let step = |_| {
            let kind = random.choice(&kinds).copied().unwrap_or(Kind::Kill);
            Step { after: random.u64(20..300), event: Event::random(kind, durability, &mut random) }
        };
        Self { seed, durability, interval, steps: (0..choices.events).map(step).collect() }
    }
}

impl Durability {
    /// Returns the name of this durability in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Interval => "interval",
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "seed {}, durability {}, interval {}",
            self.seed,
            self.durability.name(),
            self.interval
        )?;
        for (number, Step { after, event }) in self.steps.iter().enumerate() {
            writeln!(out, "{:>5}. after {after} acknowledgements: {event:?}", number + 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
