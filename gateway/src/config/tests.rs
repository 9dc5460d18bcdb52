//! What the configuration takes and what it says about the rest.
