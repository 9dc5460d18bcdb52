//! Times the hot operations with criterion: `cargo bench -p tidegate-benches`, or `… -- inflight` for one group. The
//! benchmark prints times and compares nothing; `benches/instructions.py` checks for regressions.

use criterion::{Criterion, Throughput};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for set_up in tidegate_operations::case_setups() {
        let mut case = set_up();
        let (group, operation) = case.name.split_once('/').unwrap_or(("", case.name));
        let mut group = criterion.benchmark_group(group);
        group.throughput(Throughput::Elements(u64::from(case.operations_per_call)));
        group.bench_function(operation, |bencher| bencher.iter(&mut *case.run));
        group.finish();
    }
    criterion.final_summary();
}
