//! PUBLISH three ways: a borrowed view of one received (`view`), one about to be written (`outgoing`), an owned packet (`owned`).

mod outgoing;
#[cfg(test)]
mod tests;
mod view;

pub use outgoing::{Outgoing, OutgoingAlias};
pub use view::PublishView;
