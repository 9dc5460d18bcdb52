//! The retained store: rules, replay against a model, bounds, expiry.

mod concurrent;
mod expiry;
mod model;
mod oracle;
mod rules;
