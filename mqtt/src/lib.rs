//! The MQTT language: packets, properties, reason codes and topics, bytes to values and back (3.1, 3.1.1, 5.0).
