//! The workload: a fixed sequence of batches, each with its own commit. After each reported commit, the workload writes
//! a mark to a file.

use std::env;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidegate_persistence::{Appended, Config, Disk, Durability, Health, Journal, Operation};

use crate::harness::accepted;
use crate::model::{Model, sorted};
use crate::random::operation;
use crate::watch::Watch;

/// Number of batches in the workload.
pub const BATCHES: usize = 150;

/// Returns the content of the store after each batch, starting with the empty store.
pub fn contents() -> Vec<Vec<String>> {
    let mut model = Model::default();
    let mut contents = vec![model.content()];
    for number in 0..BATCHES {
        batch(&mut model, number);
        contents.push(sorted(model.content()));
    }
    contents
}

/// Returns the operations of one batch, and applies them to the model.
fn batch(model: &mut Model, number: usize) -> Vec<Operation> {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(number as u64 + 1);
    let mut next = |below: u8| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % u64::from(below)) as u8
    };
    let mut operations = Vec::new();
    for _ in 0..4 {
        let operation = operation(model, (next(14), 1 + next(3), 1 + next(5), next(3)));
        model.apply_operation(&operation);
        operations.push(operation);
    }
    operations
}

pub fn config(folder: &Path, durability: Durability) -> Config {
    let mut config = Config::new(folder.join("store"));
    config.durability = durability;
    config.size_initial = 64 << 10;
    config.size_max = 4 << 20;
    config
}

/// Not a test: runs the workload, in the process that the recorder observes. Exits without closing the store.
#[test]
#[ignore = "run by the crash tests"]
fn workload() {
    let Ok(folder) = env::var("WORKLOAD_FOLDER") else { return };
    let mut config = config(Path::new(&folder), Durability::Always);
    if let Ok(millis) = env::var("WORKLOAD_INTERVAL") {
        config.durability = Durability::Interval;
        config.interval = Duration::from_millis(millis.parse().unwrap());
    }
    let mut marks = File::create(Path::new(&folder).join("marks")).unwrap();
    let watch: Arc<Watch> = Arc::default();
    let observer: Arc<Watch> = Arc::clone(&watch);
    let store = Disk::open(&config, observer).unwrap();
    let mut model = Model::default();
    for number in 0..BATCHES {
        let appended = store.append(&mut batch(&mut model, number));
        if appended == Appended::Refused || !watch.wait_for_commit_or_failure(accepted(appended)) {
            watch.wait_for_health(|health| matches!(health, Health::Failed(_)));
            mark(&mut marks, &format!("failed: {:?}", store.health()));
            break;
        }
        if watch.was_full() {
            mark(&mut marks, "full");
        }
        mark(&mut marks, &(number + 1).to_string());
    }
    std::process::exit(0);
}

/// Writes one line with one call, so that the recorder sees it as one event.
fn mark(marks: &mut File, line: &str) {
    marks.write_all(format!("{line}\n").as_bytes()).unwrap();
}
