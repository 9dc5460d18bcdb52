//! Properties of MQTT 5.0: what each is and where it may stand (`table`), reading them (`scan`, `list`), writing them (`write`).

mod list;
mod place;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod user;
mod value;
mod write;

pub(crate) use list::PropertyList;
pub use place::Place;
pub use scan::Properties;
pub(crate) use scan::check_forwardable;
pub use table::{PropertyId, Spec};
pub use user::UserProperties;
pub use value::{Kind, Legal, Value};
