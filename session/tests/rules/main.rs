//! The rules of sessions, one rule or scenario a file, in virtual time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod acknowledgement;
mod alias_in;
mod alias_out;
mod authentication;
mod capabilities;
mod client_identifier;
mod connack;
mod deferred;
mod disconnect_expiry;
mod frames;
mod idle_memory;
mod keep_alive;
mod message_expiry;
mod mirror;
mod offline_queue;
mod packet_size;
mod pair;
mod pending_bounds;
mod problem_information;
mod qos_one;
mod qos_two_in;
mod qos_two_out;
mod random_walk;
mod receive_maximum;
mod refusal;
mod restored;
mod resume_order;
mod session_expiry;
mod shared_orphans;
mod subscribe_terms;
mod subscription_identifiers;
mod takeover;
mod will;
mod will_products;
