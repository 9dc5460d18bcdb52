//! The libFuzzer target `router`, which passes each input to `tidegate_fuzz::router::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::router::run(bytes));
