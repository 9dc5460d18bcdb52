//! What the relay does wrong on purpose, so that one can see the load tool notice.

use std::num::NonZeroU64;

/// Every how-manieth message of a publisher is treated badly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::Args)]
pub struct InjectedFaults {
    /// Drops every n-th message of a publisher
    #[arg(long, value_name = "N")]
    pub drop: Option<NonZeroU64>,
    /// Sends every n-th message of a publisher twice
    #[arg(long, value_name = "N")]
    pub dup: Option<NonZeroU64>,
    /// Holds every n-th message of a publisher back until after its next one
    #[arg(long, value_name = "N")]
    pub reorder: Option<NonZeroU64>,
    /// Changes the last payload byte of every n-th message of a publisher
    #[arg(long, value_name = "N")]
    pub corrupt: Option<NonZeroU64>,
    /// Leaves every n-th PUBREL of a publisher without its PUBCOMP
    #[arg(long, value_name = "N")]
    pub silence: Option<NonZeroU64>,
}

/// Forwards one publisher's frames, with the lies asked for.
#[derive(Debug)]
pub(super) struct FaultInjector {
    injected_faults: InjectedFaults,
    forwarded: u64,
    released: u64,
    delayed: Vec<u8>,
}

impl FaultInjector {
    pub(super) const fn new(injected_faults: InjectedFaults) -> Self {
        Self { injected_faults, forwarded: 0, released: 0, delayed: Vec::new() }
    }

    /// Appends what the subscribers are to get for this frame.
    pub(super) fn forward(&mut self, packet: &[u8], batch: &mut Vec<u8>) {
        self.forwarded += 1;
        if self.is_turn(self.injected_faults.drop) {
            return;
        }
        if self.delayed.is_empty() && self.is_turn(self.injected_faults.reorder) {
            self.delayed.extend_from_slice(packet);
            return;
        }
        batch.extend_from_slice(packet);
        if self.is_turn(self.injected_faults.corrupt)
            && let Some(last) = batch.last_mut()
        {
            *last ^= 0xff;
        }
        if self.is_turn(self.injected_faults.dup) {
            batch.extend_from_slice(packet);
        }
        batch.append(&mut self.delayed);
    }

    /// True when a PUBREL is to be answered.
    pub(super) fn answers_pubrel(&mut self) -> bool {
        self.released += 1;
        !is_multiple(self.released, self.injected_faults.silence)
    }

    fn is_turn(&self, every: Option<NonZeroU64>) -> bool {
        is_multiple(self.forwarded, every)
    }
}

fn is_multiple(number: u64, every: Option<NonZeroU64>) -> bool {
    every.is_some_and(|every| number.is_multiple_of(every.get()))
}
