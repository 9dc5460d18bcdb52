//! Tests of the whole router: against a naive model, under concurrent changes, at its bounds.

mod bounds;
mod concurrent;
mod generation;
mod memory;
mod model;
mod oracle;
mod rules;
