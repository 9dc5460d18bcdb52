//! Cases that run the whole broker core as a core of the gateway does, but without sockets and runtime: they pass bytes
//! from clients to the broker, carry out its effects, and take the bytes for clients.

mod client;
mod control;
mod core;
mod durable;
mod plants;
mod streams;

use crate::CaseSetup;

pub(crate) const CASES: &[&[CaseSetup]] = &[control::CASES, durable::CASES, plants::CASES, streams::CASES];
