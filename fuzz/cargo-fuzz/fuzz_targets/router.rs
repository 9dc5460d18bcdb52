//! libFuzzer calls `tidegate_fuzz::router`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::router::run(bytes));
