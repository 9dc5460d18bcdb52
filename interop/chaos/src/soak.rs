//! A constant load on the real broker over every transport, with clients that connect and disconnect. The run fails if
//! the broker's memory, descriptors, threads or store grow, or if the broker breaks a promise.

use std::time::{Duration, Instant};

use fastrand::Rng;
use tidegate_interop::broker::Broker;
use tidegate_interop::config::Config;

use crate::clients::{CLIENTS, Order};
use crate::crowd::{ClientThread, Settings};

mod sample;
mod series;
mod visitors;

use sample::Samples;

/// The options of a soak run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Time for which the load lasts.
    pub time: Duration,
    /// The seed of the clients' random choices.
    pub seed: u64,
}

/// Runs the load. Returns a line for each series of samples, and one with the totals.
///
/// # Errors
/// If a series grew above its limit, or the broker broke a promise.
pub fn soak(options: &Options) -> Result<Vec<String>, String> {
    let mut broker =
        Broker::start_with(Config::every_transport().with("persistence:\n  durability: always\n"));
    let settings = Settings { relays: false, pace: PUBLISH_INTERVAL, extra: visitors::start };
    let crowd = ClientThread::start(&broker, options.seed, &settings)?;
    let samples = watch(&mut broker, &crowd, options)?;
    crowd.finish()?;
    check(&mut broker, &crowd)?;
    broker.stop();
    let mut lines = samples.judge()?;
    lines.push(crowd.world.ledger().totals().to_string());
    Ok(lines)
}

/// Takes samples until the time is over. After each sample, makes a random client connect again.
fn watch(broker: &mut Broker, crowd: &ClientThread, options: &Options) -> Result<Samples, String> {
    let mut random = Rng::with_seed(options.seed);
    let interval = (options.time / SAMPLE_COUNT).clamp(INTERVAL_MIN, INTERVAL_MAX);
    let mut samples = Samples::new(options.time / WARM_UP_DIVISOR);
    let start = Instant::now();
    while start.elapsed() < options.time {
        std::thread::sleep(interval);
        samples.take(start.elapsed(), broker).map_err(|error| format!("no sample: {error}"))?;
        let order = if random.bool() { Order::TakeOver } else { Order::Rest(REST_TIME) };
        crowd.order(random.usize(..CLIENTS), order);
        check(broker, crowd)?;
        crowd.world.ledger().forget_settled();
    }
    Ok(samples)
}

fn check(broker: &mut Broker, crowd: &ClientThread) -> Result<(), String> {
    if let Some(status) = broker.exit_status() {
        return Err(format!("the broker ended with {status}:\n{}", broker.log().text()));
    }
    let mut faults = crowd.world.ledger().violations().to_vec();
    faults.extend(broker.panics());
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

const PUBLISH_INTERVAL: Duration = Duration::from_millis(10);
const SAMPLE_COUNT: u32 = 200;
const INTERVAL_MIN: Duration = Duration::from_millis(100);
const INTERVAL_MAX: Duration = Duration::from_secs(30);
/// The warm-up is the run time divided by this number. Its samples are ignored, because queues, caches and the
/// allocator's pools are still filling up.
const WARM_UP_DIVISOR: u32 = 3;
const REST_TIME: Duration = Duration::from_millis(500);
