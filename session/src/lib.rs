//! State of one MQTT client, without sockets or clock: handshake, in-flight, queue, will.
