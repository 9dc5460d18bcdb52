//! The plan of a run: what happens to the broker and its clients, and in which order. The seed alone determines it.

use std::fmt;

use fastrand::Rng;

mod event;

pub use event::{Event, Kind, Signal};

/// What happens in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The seed that determines everything else.
    pub seed: u64,
    /// When the broker syncs.
    pub durability: Durability,
    /// With [`Durability::Interval`]: the interval, as the configuration writes it. With a long one, only a stop syncs.
    pub interval: &'static str,
    /// The events, in their order.
    pub steps: Vec<Step>,
}

/// An event, and when it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many acknowledgements publishers get before it.
    pub after: u64,
    /// What happens.
    pub event: Event,
}

/// The durabilities under which acknowledged messages survive the end of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Durability {
    /// Each commit is synced.
    Always,
    /// Commits are synced in intervals.
    Interval,
}

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The number of events.
    pub events: usize,
    /// The kinds of events.
    pub kinds: Vec<Kind>,
    /// The durability; `None` lets the seed choose.
    pub durability: Option<Durability>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64, choices: &Choices) -> Self {
        let mut random = Rng::with_seed(seed);
        let drawn = if random.bool() { Durability::Always } else { Durability::Interval };
        let durability = choices.durability.unwrap_or(drawn);
        let interval = random.choice(["100ms", "1m"]).unwrap_or("100ms");
        let kinds: Vec<_> = choices.kinds.iter().copied().filter(|kind| kind.fits(durability)).collect();
        let step = |_| {
            let kind = random.choice(&kinds).copied().unwrap_or(Kind::Kill);
            Step { after: random.u64(20..300), event: Event::random(kind, &mut random) }
        };
        Self { seed, durability, interval, steps: (0..choices.events).map(step).collect() }
    }
}

impl Durability {
    /// The name in the configuration.
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
