//! The last steps of a run and what the clients heard, to be told when something is wrong.

use std::collections::VecDeque;
use std::fmt;

use tidegate_mqtt::Packet;

use super::step::Step;
use super::words;

/// The last steps.
#[derive(Default)]
pub(super) struct Trace {
    count: u64,
    entries: VecDeque<Entry>,
}

struct Entry {
    number: u64,
    step: Step,
    heard: Vec<(usize, Packet)>,
}

impl Trace {
    /// A step begins.
    pub(super) fn begin(&mut self, step: Step) {
        self.count += 1;
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { number: self.count, step, heard: Vec::new() });
    }

    /// A client hears a packet.
    pub(super) fn hear(&mut self, client: usize, packet: Packet) {
        if let Some(entry) = self.entries.back_mut() {
            entry.heard.push((client, packet));
        }
    }

    /// How many steps there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The last step in words.
    pub(super) fn last_words(&self) -> String {
        self.entries.back().map(ToString::to_string).unwrap_or_default()
    }

    /// The last steps in words.
    pub(super) fn words(&self) -> Vec<String> {
        self.entries.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5}  {}", self.number, words::step(&self.step))?;
        for (client, packet) in &self.heard {
            write!(f, "\n           c{client} hears {}", words::packet(packet))?;
        }
        Ok(())
    }
}

/// Steps kept.
const ENTRIES_MAX: usize = 40;
