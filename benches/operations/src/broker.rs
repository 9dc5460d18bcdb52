//! The whole broker core, driven as a core of the gateway drives it but without sockets and runtime: bytes from clients go in,
//! effects are carried out, bytes for clients are taken.

mod client;
mod control;
mod core;
mod durable;
mod plants;
mod streams;

use crate::Make;

pub(crate) const CASES: &[&[Make]] = &[control::CASES, durable::CASES, plants::CASES, streams::CASES];
