//! The libFuzzer target `session`, which passes each input to `tidegate_fuzz::session::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::session::run(bytes));
