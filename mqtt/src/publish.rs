//! PUBLISH in three ways: a borrowed view of one received (`view`), one about to be written (`outgoing`), an owned packet (`owned`).

mod outgoing;
mod owned;
#[cfg(test)]
mod tests;
mod view;

pub use outgoing::{Outgoing, OutgoingAlias};
pub use owned::{Publish, PublishProperties};
pub use view::PublishView;
