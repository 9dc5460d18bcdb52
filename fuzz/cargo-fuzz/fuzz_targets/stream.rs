//! The libFuzzer target `stream`, which passes each input to `tidegate_fuzz::stream::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::stream::run(bytes));
