//! Times the hot operations with criterion: `cargo bench -p tidegate-benches`, or `… -- inflight` for one group. Prints times and
//! compares nothing; `benches/instructions.py` checks for regressions.

use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for make in tidegate_operations::all() {
        let mut case = make();
        let (group, operation) = case.name.split_once('/').unwrap_or(("", case.name));
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Elements(u64::from(case.each)));
        group.bench_function(operation, |bencher| bencher.iter(&mut *case.run));
        group.finish();
    }
    criterion.final_summary();
}
