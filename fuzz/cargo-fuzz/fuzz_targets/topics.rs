//! The libFuzzer target `topics`, which passes each input to `tidegate_fuzz::topics::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::topics::run(bytes));
