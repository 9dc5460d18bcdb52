//! Measures the steps of a broker's start: verifying the structure of the data file, counting references, and loading
//! all records. Each step is measured with the file in the page cache and without it. Run with `cargo run --release -p
//! tidegate-persistence --example start [folder] [MiB]`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::panic, clippy::as_conversions)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustix::fs::{Advice, fadvise};
use tidegate_mqtt::{Message, MessageParts, QoS, topic};
use tidegate_persistence::{
    Appended, Config, Directory, Disk, EntryKey, EntryRecord, Journal, Operation, ReadOnly, SessionId,
    Watermark,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let mebibytes: usize = arguments.next().map_or(1024, |text| text.parse().unwrap());
    println!("payload  used MiB  cache  verify s  open s  load s  (per GiB used)");
    for size in [64, 1024, 100_000] {
        let folder = folder.join(format!("tidegate-start-{}", std::process::id()));
        let mut config = Config::new(&folder);
        config.size_initial = mebibytes << 21;
        let used = fill(&config, size, mebibytes << 20);
        for cache in ["warm", "cold"] {
            let per_gibibyte = |seconds: f64| seconds * (1_u64 << 30) as f64 / used as f64;
            let verify =
                timed(&folder, cache, || drop(ReadOnly::open_snapshot(&folder.join("data.mdb")).unwrap()));
            let mut store = None;
            let open = timed(&folder, cache, || {
                store = Some(Disk::open(&config, Arc::new(Watermark::default())).unwrap());
            });
            let store = store.unwrap();
            let load = timed(&folder, cache, || store.load(&mut |_, _| {}).unwrap());
            let [verify, open, load] = [verify, open, load].map(per_gibibyte);
            println!("{size:>7}  {:>8}  {cache}  {verify:>8.2}  {open:>6.2}  {load:>6.2}", used >> 20);
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}

/// Queues messages with a payload of `size` bytes until the store uses more than `bytes` bytes of its file. Returns the
/// number of bytes used.
fn fill(config: &Config, size: usize, bytes: usize) -> usize {
    let watermark = Arc::new(Watermark::default());
    let store = Disk::open(config, watermark.clone()).unwrap();
    let message = Arc::new(Message::from_parts(&MessageParts {
        topic: &topic::Name::parse("a/topic/of/medium/length").unwrap(),
        properties: &[],
        payload: &vec![7; size],
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: 7,
        expires_at: None,
    }));
    let batch = (4 << 20) / (size + 200);
    loop {
        let mut operations: Vec<_> = (0..batch)
            .map(|number| {
                let session = SessionId(1 + number as u64 % 100);
                let key = EntryKey { session, message: store.next_message(), ordinal: 0 };
                let record = EntryRecord::queued(QoS::AtLeastOnce);
                Operation::Enqueue { key, message: Arc::clone(&message), expires_at: None, record }
            })
            .collect();
        match store.append(&mut operations) {
            Appended::Accepted(commit) | Appended::Slow(commit) => watermark.wait(commit),
            Appended::Refused => panic!("the store refuses"),
        }
        let used = store.stats().file_bytes;
        if used as usize > bytes {
            return used as usize;
        }
    }
}

/// Returns how many seconds `work` takes. If `cache` is "cold", first removes the data file from the page cache.
fn timed(folder: &Path, cache: &str, work: impl FnOnce()) -> f64 {
    let file = File::open(folder.join("data.mdb")).unwrap();
    file.sync_all().unwrap();
    if cache == "cold" {
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}
