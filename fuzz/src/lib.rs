//! Every decoder and state machine under random input.
