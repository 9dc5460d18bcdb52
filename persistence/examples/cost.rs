//! Measures the cost of persistence on a disk: commits and operations per second, and the time from append to commit,
//! for each durability, number of producers and message size. Also measures a plain sync of the disk. Run with `cargo
//! run --release -p tidegate-persistence --example cost [folder]`.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::as_conversions, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_mqtt::{Message, MessageParts, QoS, topic};
use tidegate_persistence::{
    Appended, Commit, Config, Durability, EntryKey, EntryRecord, Operation, SessionId, Store, SystemClocks,
    Watermark, open,
};

/// The parameters of a measurement.
struct Run {
    durability: Durability,
    producers: u64,
    size: usize,
}

fn main() {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("tidegate-cost-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!("sync of the disk: {}", sync_time(&folder));
    println!("append of one enqueue: {:.0} ns", append_time(&folder));
    println!("durability  producers  bytes   commits/s  operations/s   p50 ms   p99 ms");
    for durability in [Durability::Always, Durability::Interval, Durability::Memory] {
        for (producers, size) in [(1, 64), (1, 1024), (10, 64), (10, 1024), (100, 64), (100, 1024)] {
            measure(&folder, &Run { durability, producers, size });
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Measures how long it takes to write 4 KiB and call `fdatasync`. Returns the median and the 99th percentile as text.
fn sync_time(folder: &Path) -> String {
    let file = File::create(folder.join("probe")).unwrap();
    file.set_len(1 << 20).unwrap();
    file.sync_all().unwrap();
    let mut times: Vec<_> = (0..500_u64)
        .map(|turn| {
            let began = Instant::now();
            file.write_all_at(&[7; 4096], turn % 256 * 4096).unwrap();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect();
    let [p50, p99] = percentiles(&mut times);
    format!("p50 {p50:.3} ms, p99 {p99:.3} ms")
}

/// Measures the time per append, in nanoseconds, while the writer is committing.
fn append_time(folder: &Path) -> f64 {
    let config = Config::new(folder.join("appending"));
    let watermark: Arc<Watermark> = Arc::default();
    let observer: Arc<Watermark> = Arc::clone(&watermark);
    let store = open(&config, Arc::new(SystemClocks), observer).unwrap();
    let session = store.next_session();
    let topic = topic::Name::parse("plant/7/line/3/temperature").unwrap();
    let message = Arc::new(message(&topic, &[7; 64], session));
    let began = Instant::now();
    let mut last = Commit(0);
    for _ in 0..APPENDS {
        (_, last, _) = enqueue(&*store, session, Arc::clone(&message));
    }
    let taken = began.elapsed();
    watermark.wait(last);
    taken.as_nanos() as f64 / f64::from(APPENDS)
}

fn measure(folder: &Path, run: &Run) {
    let mut config = Config::new(folder.join("store"));
    config.durability = run.durability;
    let _ = std::fs::remove_dir_all(&config.folder);
    let watermark: Arc<Watermark> = Arc::default();
    let observer: Arc<Watermark> = Arc::clone(&watermark);
    let store = open(&config, Arc::new(SystemClocks), observer).unwrap();
    let start = Barrier::new(run.producers as usize + 1);
    let (mut times, began) = thread::scope(|scope| {
        let producers: Vec<_> = (0..run.producers)
            .map(|_| scope.spawn(|| produce(&*store, &watermark, run.size, &start)))
            .collect();
        start.wait();
        let began = Instant::now();
        let times: Vec<_> = producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect();
        (times, began)
    });
    let seconds = began.elapsed().as_secs_f64();
    let stats = store.stats();
    let name = match run.durability {
        Durability::Always => "always",
        Durability::Interval => "interval",
        Durability::Memory => "memory",
    };
    let [p50, p99] = percentiles(&mut times);
    let commits = stats.commits as f64 / seconds;
    let operations = stats.operations as f64 / seconds;
    println!(
        "{name:10} {:10} {:6} {commits:11.0} {operations:13.0} {p50:8.3} {p99:8.3}",
        run.producers, run.size
    );
}

/// Acts as a publisher with a hundred messages in flight to one persistent session. Each message is enqueued, and
/// completed after its commit. Returns the time from append to commit of each message.
fn produce(store: &dyn Store, watermark: &Watermark, size: usize, start: &Barrier) -> Vec<Duration> {
    let session = store.next_session();
    let topic = topic::Name::parse("plant/7/line/3/temperature").unwrap();
    let payload = vec![7; size];
    let mut in_flight = VecDeque::new();
    let mut times = Vec::new();
    start.wait();
    let began = Instant::now();
    while began.elapsed() < MEASURING_TIME {
        while in_flight.len() < IN_FLIGHT_MAX {
            let key = enqueue(store, session, Arc::new(message(&topic, &payload, session)));
            in_flight.push_back(key);
        }
        let (key, commit, at) = in_flight.pop_front().unwrap();
        watermark.wait(commit);
        times.push(at.elapsed());
        append(store, Operation::Complete { key });
        // Also complete the following messages that the same commit covers.
        while in_flight.front().is_some_and(|(_, next, _)| *next <= commit) {
            let (key, _, at) = in_flight.pop_front().unwrap();
            times.push(at.elapsed());
            append(store, Operation::Complete { key });
        }
    }
    times
}

fn message(topic: &topic::Name, payload: &[u8], session: SessionId) -> Message {
    Message::from_parts(&MessageParts {
        topic,
        properties: &[],
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: session.0,
        expires_at: None,
    })
}

fn enqueue(store: &dyn Store, session: SessionId, message: Arc<Message>) -> (EntryKey, Commit, Instant) {
    let key = EntryKey { session, message: store.next_message(), ordinal: 0 };
    let at = Instant::now();
    let record = EntryRecord::queued(QoS::AtLeastOnce);
    let commit = append(store, Operation::Enqueue { key, message, expires_at: None, record });
    (key, commit, at)
}

fn append(store: &dyn Store, operation: Operation) -> Commit {
    match store.append(&mut vec![operation]) {
        Appended::Accepted(commit) | Appended::Slow(commit) => commit,
        Appended::Refused => unreachable!("the store fails only if the disk does"),
    }
}

/// Returns the median and the 99th percentile, in milliseconds.
fn percentiles(times: &mut [Duration]) -> [f64; 2] {
    times.sort_unstable();
    [50, 99].map(|percent| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0)
}

const IN_FLIGHT_MAX: usize = 100;
const APPENDS: u32 = 50_000;
const MEASURING_TIME: Duration = Duration::from_secs(2);
