//! Properties of MQTT 5.0: what each is and where it may stand (`table`), reading them (`value`, `list`), writing them (`section`).

mod place;

pub use place::Place;
