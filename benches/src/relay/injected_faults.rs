//! Faults that the relay injects on request, to check that the load generator detects them.

use std::num::NonZeroU64;

/// The n of "every n-th message of a publisher" for each kind of fault. `None` means that the relay does not inject
/// this kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::Args)]
pub struct InjectedFaults {
    /// Drop every n-th message of a publisher
    #[arg(long, value_name = "N")]
    pub drop: Option<NonZeroU64>,
    /// Send every n-th message of a publisher twice
    #[arg(long, value_name = "N")]
    pub dup: Option<NonZeroU64>,
    /// Delay every n-th message of a publisher until after its next one
    #[arg(long, value_name = "N")]
    pub reorder: Option<NonZeroU64>,
    /// Change the last payload byte of every n-th message of a publisher
    #[arg(long, value_name = "N")]
    pub corrupt: Option<NonZeroU64>,
    /// Do not answer every n-th PUBREL of a publisher with PUBCOMP
    #[arg(long, value_name = "N")]
    pub silence: Option<NonZeroU64>,
}

/// Forwards one publisher's packets with the requested faults.
#[derive(Debug)]
pub(super) struct FaultInjector {
    injected_faults: InjectedFaults,
    publish_count: u64,
    pubrel_count: u64,
    /// The packet that is sent after the next one of its publisher. Empty if no packet is delayed.
    delayed_packet: Vec<u8>,
}

impl FaultInjector {
    pub(super) const fn new(injected_faults: InjectedFaults) -> Self {
        Self { injected_faults, publish_count: 0, pubrel_count: 0, delayed_packet: Vec::new() }
    }

    /// Appends the packets that subscribers receive for this PUBLISH packet.
    pub(super) fn forward(&mut self, packet: &[u8], batch: &mut Vec<u8>) {
        self.publish_count += 1;
        if self.is_due(self.injected_faults.drop) {
            return;
        }
        if self.delayed_packet.is_empty() && self.is_due(self.injected_faults.reorder) {
            self.delayed_packet.extend_from_slice(packet);
            return;
        }
        batch.extend_from_slice(packet);
        if self.is_due(self.injected_faults.corrupt)
            && let Some(last) = batch.last_mut()
        {
            *last ^= 0xff;
        }
        if self.is_due(self.injected_faults.dup) {
            batch.extend_from_slice(packet);
        }
        batch.append(&mut self.delayed_packet);
    }

    /// Counts a PUBREL. Returns whether the relay must answer the PUBREL.
    pub(super) fn answers_pubrel(&mut self) -> bool {
        self.pubrel_count += 1;
        !is_multiple(self.pubrel_count, self.injected_faults.silence)
    }

    fn is_due(&self, interval: Option<NonZeroU64>) -> bool {
        is_multiple(self.publish_count, interval)
    }
}

fn is_multiple(number: u64, interval: Option<NonZeroU64>) -> bool {
    interval.is_some_and(|interval| number.is_multiple_of(interval.get()))
}
