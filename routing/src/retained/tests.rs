//! Tests of the retained store: rules, replay compared with a model, bounds, expiry.

mod concurrent;
mod expiry;
mod model;
mod oracle;
mod rules;
