//! The properties of MQTT 5.0: the table of all properties (`table`), reading (`scan`, `list`) and writing (`write`).

mod context;
mod list;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod user;
mod value;
mod write;

pub use context::PacketContext;
pub(crate) use list::PropertyList;
pub use scan::Properties;
pub(crate) use scan::check_forwardable;
pub use table::{PropertyId, PropertySpec};
pub use user::UserProperties;
pub use value::{AllowedValues, Value, WireType};
