#![allow(clippy::panic)]

use tidegate_broker::Totals;

use crate::logging;

#[test]
fn the_book_explains_every_counter() {
    let page = include_str!("../../../docs/book/signals-and-log.md");
    for (name, _) in Totals::default().list().into_iter().chain(logging::counters()) {
        assert!(page.contains(&format!("| `{name}` |")), "{name} is not in the table");
    }
}
