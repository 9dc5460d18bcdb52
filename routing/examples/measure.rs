//! Measures the router: `cargo run --release -p tidegate-routing --example measure`. Prints processor times and bytes.
#![allow(
    unsafe_code,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]
#![allow(clippy::disallowed_methods, missing_docs, reason = "measures with the real clock")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Config, Grant, Router, Subscriber};

#[path = "measure/count.rs"]
mod count;
#[path = "measure/retained.rs"]
mod retained;
#[path = "measure/topics.rs"]
mod topics;

/// A subscriber handle of the same size as the gateway's: a pointer to a shared allocation.
#[derive(Clone)]
pub struct Handle(Arc<u64>);

impl Subscriber for Handle {
    fn id(&self) -> u64 {
        *self.0
    }
}

const GRANT: Grant =
    Grant { qos: QoS::AtLeastOnce, no_local: false, retain_as_published: false, identifier: None };

fn main() {
    if std::env::args().any(|argument| argument == "route") {
        return profile_routes();
    }
    measure_mixed(100_000);
    measure_mixed(1_000_000);
    measure_wide("1M children of one node", |number| format!("wide/{number}"));
    measure_wide("1M children of one wildcard node", |number| format!("+/wide/{number}"));
    measure_wide("1M members of one filter", |_| String::from("wide/+/all"));
    measure_wide("1M members of one group", |_| String::from("$share/g/wide/+/all"));
    measure_wide("1M groups of one filter", |number| format!("$share/g{number}/wide/all"));
    measure_adversarial(12);
    measure_adversarial(16);
    measure_churn();
    retained::measure();
}

/// Builds routes and does nothing else, for use with a profiler.
fn profile_routes() {
    let (router, ..) = subscribe_all(&parse_filters(topics::filters(100_000)), &handles(10_000));
    let names = topics::names(200_000, 100_000);
    for _ in 0..10 {
        println!("route mean processor time {:.2} µs", mean_route_time(&router, &names));
    }
}

fn parse_filters(texts: Vec<String>) -> Vec<SubscriptionFilter> {
    texts.iter().map(|text| SubscriptionFilter::parse(text).unwrap()).collect()
}

fn handles(count: usize) -> Vec<Handle> {
    (0..count as u64).map(|id| Handle(Arc::new(id))).collect()
}

/// Subscribes to all filters, cycling through the handles. Returns the router, the number of bytes that it uses, and
/// the processor time taken.
fn subscribe_all(filters: &[SubscriptionFilter], handles: &[Handle]) -> (Router<Handle>, usize, Duration) {
    let before = count::allocated_bytes();
    let router = Router::new(Config::default());
    let begun = processor_time();
    for (filter, handle) in filters.iter().zip(handles.iter().cycle()) {
        router.subscribe(filter, handle.clone(), GRANT).unwrap();
    }
    let took = processor_time() - begun;
    router.reclaim();
    (router, count::allocated_bytes() - before, took)
}

/// Returns the processor time that this thread has used. Other programs on the machine do not influence it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Returns the mean processor time per route, in microseconds.
fn mean_route_time(router: &Router<Handle>, names: &[String]) -> f64 {
    let begun = processor_time();
    names.iter().for_each(|name| drop(black_box(router.route(name))));
    (processor_time() - begun).as_secs_f64() * 1e6 / names.len() as f64
}

fn format_rate(count: usize, took: Duration) -> String {
    format!("{:.0}k/s", count as f64 / took.as_secs_f64() / 1000.0)
}

fn unsubscribe_all(
    router: &Router<Handle>,
    filters: &[SubscriptionFilter],
    handles: &[Handle],
    before: usize,
) {
    let begun = processor_time();
    for (filter, handle) in filters.iter().zip(handles.iter().cycle()) {
        assert!(router.unsubscribe(filter, handle.id()));
    }
    let took = processor_time() - begun;
    router.reclaim();
    let kept = count::allocated_bytes().saturating_sub(before);
    println!("  unsubscribe {}, {} KiB kept", format_rate(filters.len(), took), kept / 1024);
}

fn measure_mixed(count: usize) {
    println!("{count} filters, a third with wildcards");
    let filters = parse_filters(topics::filters(count));
    let handles = handles(count / 10);
    let before = count::allocated_bytes();
    let (router, bytes, took) = subscribe_all(&filters, &handles);
    println!("  subscribe {}, {} bytes per filter", format_rate(count, took), bytes / count);
    let names = topics::names(200_000, count);
    let mut receivers = 0;
    let mut times = vec![u128::MAX; names.len()];
    // Each topic counts with the fastest of three rounds, to exclude interruptions. The data of 200,000 topics does not
    // fit into a CPU cache.
    for _ in 0..3 {
        for (name, best) in names.iter().zip(&mut times) {
            let begun = Instant::now();
            let route = black_box(router.route(name));
            *best = begun.elapsed().as_nanos().min(*best);
            receivers += route.deliveries.len();
        }
    }
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize] as f64 / 1000.0;
    println!("  route p50 {:.2} µs, p99 {:.2} µs, p99.9 {:.2} µs", at(0.5), at(0.99), at(0.999));
    println!("  {:.2} receivers per topic", receivers as f64 / names.len() as f64 / 3.0);
    println!("  mean processor time {:.2} µs", mean_route_time(&router, &names));
    drop((names, times));
    unsubscribe_all(&router, &filters, &handles, before);
}

fn measure_wide(title: &str, filter: impl Fn(usize) -> String) {
    const FILTER_COUNT: usize = 1_000_000;
    println!("{title}");
    let filters = parse_filters((0..FILTER_COUNT).map(filter).collect());
    let handles = handles(FILTER_COUNT);
    let before = count::allocated_bytes();
    let (half, _, half_took) = subscribe_all(&filters[..FILTER_COUNT / 2], &handles);
    drop(half);
    let (router, bytes, took) = subscribe_all(&filters, &handles);
    println!(
        "  subscribe {} (first half alone {})",
        format_rate(FILTER_COUNT, took),
        format_rate(FILTER_COUNT / 2, half_took)
    );
    println!("  {} bytes each", bytes / FILTER_COUNT);
    let begun = processor_time();
    let route = black_box(router.route("wide/x/all"));
    let took = processor_time() - begun;
    println!("  route: {} deliveries, {} groups, {took:?}", route.deliveries.len(), route.groups.len());
    drop(route);
    unsubscribe_all(&router, &filters, &handles, before);
}

/// Subscribes to all combinations of `+` and a literal level: every path has to be followed, even when the topic's last
/// level matches no filter.
fn measure_adversarial(levels: u32) {
    let filter = |bits: u32| -> String {
        let level = |at| if bits >> at & 1 == 1 { "+/" } else { "a/" };
        (0..levels).map(level).chain(["end"]).collect()
    };
    let filters = parse_filters((0..1 << levels).map(filter).collect());
    let handles = handles(1000);
    let before = count::allocated_bytes();
    let (router, bytes, took) = subscribe_all(&filters, &handles);
    println!("{} filters: + and a literal over {levels} levels", filters.len());
    println!("  subscribe {}, {} bytes per filter", format_rate(filters.len(), took), bytes / filters.len());
    let stem = "a/".repeat(levels as usize);
    for last in ["end", "other"] {
        let name = format!("{stem}{last}");
        let names = vec![name.clone(); 50];
        let found = router.route(&name).deliveries.len();
        println!("  route …/{last}: {found} deliveries in {:.0} µs", mean_route_time(&router, &names));
    }
    unsubscribe_all(&router, &filters, &handles, before);
}

/// Measures routes after temporary subscriptions were added and removed, because removed filters leave tombstones in
/// the hash table.
fn measure_churn() {
    let filters = parse_filters(topics::filters(100_000));
    let handles = handles(10_000);
    let (router, ..) = subscribe_all(&filters, &handles);
    let names = topics::names(100_000, 100_000);
    for round in 0..4 {
        let mean = mean_route_time(&router, &names);
        println!("after {round} × 100,000 temporary subscriptions: route mean {mean:.2} µs");
        for number in 0..100_000 {
            let passing = SubscriptionFilter::parse(&format!("passing/{round}/{number}")).unwrap();
            router.subscribe(&passing, handles[0].clone(), GRANT).unwrap();
            assert!(router.unsubscribe(&passing, 0));
        }
    }
}
