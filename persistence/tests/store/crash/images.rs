//! At every write and every sync: the image opens, checks clean, and holds what was reported committed by then.

use std::fs;

use tempfile::TempDir;
use tidegate_persistence::{Disk, Durability, Store};

use super::recorder::{Recording, Setting, memory_folder, record};
use super::replay::Replayed;
use super::workload::{BATCHES, config, contents};
use crate::model::sorted;
use crate::watch::Watch;
use crate::world::content;

/// Where images are opened, and what they may hold.
struct Judge {
    folder: TempDir,
    contents: Vec<Vec<String>>,
    images: usize,
}

impl Judge {
    fn new() -> Self {
        Self { folder: memory_folder(), contents: contents(), images: 0 }
    }

    /// Opens the image: it holds the state after some number of batches from `least` to `most`.
    fn judge(&mut self, data: &[u8], anchor: Option<&[u8]>, least: usize, most: usize, moment: &str) {
        let config = config(self.folder.path(), Durability::Always);
        let _ = fs::remove_dir_all(&config.folder);
        fs::create_dir_all(&config.folder).unwrap();
        fs::write(config.folder.join("data.mdb"), data).unwrap();
        if let Some(anchor) = anchor {
            fs::write(config.folder.join("anchor"), anchor).unwrap();
        }
        let store = Disk::open(&config, std::sync::Arc::<Watch>::default())
            .unwrap_or_else(|error| panic!("{moment}: {error}"));
        let found = sorted(content(&store));
        let most = most.min(BATCHES);
        let fits = (least..=most).any(|batches| self.contents[batches] == found);
        let other = self.contents.iter().position(|content| *content == found);
        assert!(fits, "{moment}: not the state after {least} to {most} batches, but {other:?}");
        assert_eq!(store.stats().orphans, 0, "{moment}");
        self.images += 1;
    }
}

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn one_in(&mut self, times: u64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(times)
    }
}

/// Calls `look` after each event with both files, the batches marked so far, and those marked at the last anchor.
fn replay(recording: &Recording, mut look: impl FnMut(&Replayed, &Replayed, usize, usize, &str)) {
    let mut data = Replayed::new(recording.base.clone());
    let mut anchor = Replayed::default();
    let (mut marked, mut anchored) = (0, 0);
    for (number, event) in recording.events.iter().enumerate() {
        match event.file {
            b'd' => data.apply(event),
            b'a' => anchor.apply(event),
            _ if event.call != b'M' => {}
            _ => marked = String::from_utf8_lossy(&event.bytes).trim().parse().unwrap(),
        }
        if (event.file, event.call) == (b'a', b'S') {
            anchored = marked;
        }
        let moment = format!("event {number}, {} {}", char::from(event.call), char::from(event.file));
        look(&data, &anchor, marked, anchored, &moment);
    }
    assert_eq!(marked, BATCHES);
}

#[test]
fn whatever_was_committed_is_in_the_image_of_any_moment() {
    let recording = record(&Setting::default());
    let (mut judge, mut dice) = (Judge::new(), Dice(1));
    replay(&recording, |data, _, marked, _, moment| {
        judge.judge(&data.cached, None, marked, marked + 1, moment);
        for times in [2, 8] {
            let image = data.after_power_failure(&mut || dice.one_in(times));
            judge.judge(&image, None, marked, marked + 1, moment);
        }
    });
    assert!(judge.images >= 1000, "{} images", judge.images);
}

#[test]
fn with_an_interval_a_process_that_dies_loses_nothing() {
    let recording = record(&Setting { interval: Some("3"), ..Setting::default() });
    let mut judge = Judge::new();
    replay(&recording, |data, _, marked, _, moment| {
        judge.judge(&data.cached, None, marked, marked + 1, moment);
    });
    assert!(judge.images >= 500, "{} images", judge.images);
}

#[test]
fn with_an_interval_a_machine_that_dies_loses_what_came_after_the_last_sync() {
    let recording = record(&Setting { interval: Some("3"), ..Setting::default() });
    let (mut judge, mut dice) = (Judge::new(), Dice(2));
    let mut unsynced = 0;
    replay(&recording, |data, anchor, marked, anchored, moment| {
        unsynced = unsynced.max(marked - anchored);
        for times in [1, 2, 8] {
            let image = data.after_power_failure(&mut || dice.one_in(times));
            let anchor = anchor.after_power_failure(&mut || dice.one_in(times));
            judge.judge(&image, Some(&anchor), anchored, marked + 1, moment);
        }
    });
    assert!(
        judge.images >= 1000 && unsynced > 1,
        "{} images, {unsynced} batches between syncs",
        judge.images
    );
}
