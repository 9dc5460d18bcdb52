//! Crash images: the files as they are after every write and every sync. Each image can be opened, passes the check,
//! and contains everything that was reported as committed before.

use std::fs;

use tempfile::TempDir;
use tidegate_persistence::{Disk, Durability, Journal};

use super::recorder::{Recording, Setting, memory_folder, record};
use super::replay::Replayed;
use super::workload::{BATCHES, config, contents};
use crate::harness::content;
use crate::model::sorted;
use crate::watch::Watch;

/// Opens images and compares their content with the allowed states.
struct ImageChecker {
    folder: TempDir,
    contents: Vec<Vec<String>>,
    images: usize,
}

impl ImageChecker {
    fn new() -> Self {
        Self { folder: memory_folder(), contents: contents(), images: 0 }
    }

    /// Opens an image and asserts that it contains the state after a number of batches from `least` to `most`.
    fn check_image(
        &mut self,
        data: &[u8],
        sync_point: Option<&[u8]>,
        least: usize,
        most: usize,
        moment: &str,
    ) {
        let config = config(self.folder.path(), Durability::Always);
        let _ = fs::remove_dir_all(&config.folder);
        fs::create_dir_all(&config.folder).unwrap();
        fs::write(config.folder.join("data.mdb"), data).unwrap();
        if let Some(sync_point) = sync_point {
            fs::write(config.folder.join("anchor"), sync_point).unwrap();
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

/// Pseudorandom numbers, the same in each run.
struct SeededRandom(u64);

impl SeededRandom {
    fn one_in(&mut self, times: u64) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).is_multiple_of(times)
    }
}

/// Calls `visit` after each event with both files, the number of batches marked so far, and the number marked
/// at the last sync point.
fn replay(recording: &Recording, mut visit: impl FnMut(&Replayed, &Replayed, usize, usize, &str)) {
    let mut data = Replayed::new(recording.base.clone());
    let mut sync_point = Replayed::default();
    let (mut marked, mut synced) = (0, 0);
    for (number, event) in recording.events.iter().enumerate() {
        match event.file {
            b'd' => data.apply_event(event),
            b'a' => sync_point.apply_event(event),
            _ if event.call != b'M' => {}
            _ => marked = String::from_utf8_lossy(&event.bytes).trim().parse().unwrap(),
        }
        if (event.file, event.call) == (b'a', b'S') {
            synced = marked;
        }
        let moment = format!("event {number}, {} {}", char::from(event.call), char::from(event.file));
        visit(&data, &sync_point, marked, synced, &moment);
    }
    assert_eq!(marked, BATCHES);
}

#[test]
fn every_crash_image_holds_all_committed_batches() {
    let recording = record(&Setting::default());
    let (mut checker, mut random) = (ImageChecker::new(), SeededRandom(1));
    replay(&recording, |data, _, marked, _, moment| {
        checker.check_image(&data.cached, None, marked, marked + 1, moment);
        for times in [2, 8] {
            let image = data.after_power_failure(&mut || random.one_in(times));
            checker.check_image(&image, None, marked, marked + 1, moment);
        }
    });
    assert!(checker.images >= 1000, "{} images", checker.images);
}

#[test]
fn with_interval_durability_a_process_crash_loses_nothing() {
    let recording = record(&Setting { interval: Some("3"), ..Setting::default() });
    let mut checker = ImageChecker::new();
    replay(&recording, |data, _, marked, _, moment| {
        checker.check_image(&data.cached, None, marked, marked + 1, moment);
    });
    assert!(checker.images >= 500, "{} images", checker.images);
}

#[test]
fn with_interval_durability_a_power_failure_loses_only_unsynced_batches() {
    let recording = record(&Setting { interval: Some("3"), ..Setting::default() });
    let (mut checker, mut random) = (ImageChecker::new(), SeededRandom(2));
    let mut unsynced = 0;
    replay(&recording, |data, sync_point, marked, synced, moment| {
        unsynced = unsynced.max(marked - synced);
        for times in [1, 2, 8] {
            let image = data.after_power_failure(&mut || random.one_in(times));
            let sync_point = sync_point.after_power_failure(&mut || random.one_in(times));
            checker.check_image(&image, Some(&sync_point), synced, marked + 1, moment);
        }
    });
    assert!(
        checker.images >= 1000 && unsynced > 1,
        "{} images, {unsynced} batches between syncs",
        checker.images
    );
}
