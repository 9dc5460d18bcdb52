//! PUBLISH in three forms: a borrowed view of a received packet (`view`), a packet that is about to be written
//! (`outgoing`) and an owned packet (`owned`).

mod outgoing;
mod owned;
#[cfg(test)]
mod tests;
mod view;

pub use outgoing::{OutgoingAlias, OutgoingPublish};
pub use owned::{Publish, PublishProperties};
pub use view::PublishView;
