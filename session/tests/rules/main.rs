//! The rules of sessions, tested in virtual time; one rule or scenario per file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod acknowledgement;
mod authentication;
mod awaiting_commit;
mod capabilities;
mod client_identifier;
mod connack;
mod disconnect_expiry;
mod frames;
mod granted_subscriptions;
mod idle_memory;
mod incoming_alias;
mod keep_alive;
mod large_messages;
mod message_expiry;
mod model_store;
mod offline_queue;
mod outgoing_alias;
mod packet_size;
mod pair;
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
mod shared_unacknowledged;
mod subscription_identifiers;
mod takeover;
mod will;
mod will_combinations;
mod write_buffer_limits;
