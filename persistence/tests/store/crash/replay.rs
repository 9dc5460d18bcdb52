//! Replays recorded events on a file, and computes its content in the page cache and on the disk.

use super::recorder::Event;

/// One file on which events are replayed.
#[derive(Clone, Default)]
pub struct Replayed {
    /// The content of the page cache, which a restarted process reads.
    pub cached: Vec<u8>,
    /// The content that is certain to survive a power failure.
    durable: Vec<u8>,
    /// Events since the last sync. Any part of them may survive a power failure as well.
    pending: Vec<Event>,
}

impl Replayed {
    pub fn new(base: Vec<u8>) -> Self {
        Self { cached: base.clone(), durable: base, pending: Vec::new() }
    }

    pub fn apply_event(&mut self, event: &Event) {
        match event.call {
            b'S' => {
                self.durable.clone_from(&self.cached);
                self.pending.clear();
            }
            b'D' => {
                put(&mut self.cached, event.offset, &event.bytes);
                put(&mut self.durable, event.offset, &event.bytes);
            }
            b'T' => {
                self.cached.resize(event.offset, 0);
                self.pending.push(event.clone());
            }
            b'W' | b'P' => {
                put(&mut self.cached, event.offset, &event.bytes);
                self.pending.push(event.clone());
            }
            other => unreachable!("{other}"),
        }
    }

    /// Returns the content after a power failure: the durable content, and those pending sectors for which `keeps`
    /// returns `true`.
    pub fn after_power_failure(&self, keeps: &mut dyn FnMut() -> bool) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for event in &self.pending {
            if event.call == b'T' {
                if keeps() || event.offset > bytes.len() {
                    bytes.resize(event.offset, 0);
                }
                continue;
            }
            let mut at = event.offset;
            while at < event.offset + event.bytes.len() {
                let end = ((at / SECTOR + 1) * SECTOR).min(event.offset + event.bytes.len());
                if keeps() {
                    put(&mut bytes, at, &event.bytes[at - event.offset..end - event.offset]);
                }
                at = end;
            }
        }
        bytes
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(bytes);
}

/// Size in bytes of a sector, which a disk writes completely or not at all.
const SECTOR: usize = 512;
