//! Records the last steps of a run and the packets that clients received, for the report of a difference.

use std::collections::VecDeque;
use std::fmt;

use tidegate_mqtt::Packet;

use super::describe;
use super::step::Step;

/// The record of the last steps.
#[derive(Default)]
pub(super) struct Trace {
    count: u64,
    entries: VecDeque<Entry>,
}

struct Entry {
    number: u64,
    step: Step,
    received: Vec<(usize, Packet)>,
}

impl Trace {
    /// Records the beginning of a step.
    pub(super) fn begin(&mut self, step: Step) {
        self.count += 1;
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { number: self.count, step, received: Vec::new() });
    }

    /// Records that a client receives a packet.
    pub(super) fn receive(&mut self, client: usize, packet: Packet) {
        if let Some(entry) = self.entries.back_mut() {
            entry.received.push((client, packet));
        }
    }

    /// Returns the number of steps.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the description of the last step.
    pub(super) fn describe_last(&self) -> String {
        self.entries.back().map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the descriptions of the recorded steps.
    pub(super) fn describe_all(&self) -> Vec<String> {
        self.entries.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}  {}", self.number, describe::step(&self.step))?;
        for (client, packet) in &self.received {
            write!(f, "\n           c{client} receives {}", describe::packet(packet))?;
        }
        Ok(())
    }
}

/// Maximum number of steps that are kept.
const ENTRIES_MAX: usize = 40;
