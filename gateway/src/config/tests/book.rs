//! The page of settings in the book is the generated one.

use std::fs;

use crate::config::book;

#[test]
fn the_page_of_settings_is_up_to_date() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/book/settings.md");
    let is_current = fs::read_to_string(file).is_ok_and(|page| page == book());
    assert!(is_current, "run `cargo run -- schema --book > docs/book/settings.md` and commit the page");
}

#[test]
fn every_setting_has_a_row_with_its_bounds() {
    let page = book();
    for row in [
        "| `drain_timeout` | 0s to 1h | `10s` | How long",
        "| `packet_size_max` | 64B to 268435460B | `1MiB` | Maximum size",
        "| `session_expiry_max` | a duration, or `never` | `never` |",
        "| `overflow` | `drop_oldest`, `drop_newest`, `reject` | `drop_oldest` |",
        "| `tls.key` | text | required |",
        "| `retain_available` | `true`, `false` | `true` |",
        "| `cores` | 1 to 1024 | – | Number of threads",
    ] {
        assert!(page.contains(row), "{row}");
    }
}
