//! Records the steps of a run as text, if requested.

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, Publish};

/// The recorded steps of a run.
pub(super) struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Creates a trace. If `is_enabled` is false, the trace formats and keeps nothing.
    pub(super) fn new(is_enabled: bool) -> Self {
        Self { lines: is_enabled.then(Vec::new) }
    }

    /// Records an event.
    pub(super) fn note(&mut self, describe: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(describe());
        }
    }

    /// Records packets that a client or the broker sends or reads. Each line begins with `action`, such as "c1 sends".
    pub(super) fn note_packets(&mut self, action: &str, version: ProtocolVersion, bytes: &[u8]) {
        let Some(lines) = &mut self.lines else { return };
        let mut rest = bytes;
        while let Ok(Next::Frame(frame)) = frame::next(rest, version, PACKET_SIZE_MAX) {
            let description = Packet::decode(&frame, version).map(|packet| describe_packet(&packet));
            lines.push(format!("        {action} {}", description.unwrap_or_default()));
            rest = &rest[frame.wire.len()..];
        }
    }

    /// Returns all recorded lines.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

/// Returns a description of a packet in one line.
pub(super) fn describe_packet(packet: &Packet) -> String {
    match packet {
        Packet::Connect(connect) => {
            let Connect { clean_start, session_expiry, will, .. } = &**connect;
            let will = will.as_ref().map(|will| String::from_utf8_lossy(&will.payload));
            format!("CONNECT, clean: {clean_start}, expiry: {session_expiry:?}, will: {will:?}")
        }
        Packet::ConnAck(connack) => format!("CONNACK, session present: {}", connack.session_present),
        Packet::Publish(publish) => describe_publish(publish),
        Packet::Ack(ack) => format!("{:?} {} {:?}", ack.kind, ack.packet_id, ack.reason),
        Packet::Subscribe(subscribe) => {
            let filters = subscribe.filters.iter().filter_map(|entry| entry.filter.as_ref().ok());
            format!("SUBSCRIBE {:?}", filters.map(ToString::to_string).collect::<Vec<_>>())
        }
        Packet::Unsubscribe(unsubscribe) => {
            let filters = unsubscribe.filters.iter().filter_map(|filter| filter.as_ref().ok());
            format!("UNSUBSCRIBE {:?}", filters.map(ToString::to_string).collect::<Vec<_>>())
        }
        other => format!("{:?}", other.packet_type()),
    }
}

fn describe_publish(publish: &Publish) -> String {
    let Publish { dup, qos, retain, topic, packet_id, payload, .. } = publish;
    let payload = String::from_utf8_lossy(payload);
    let id = packet_id.map_or(0, |id| id.get());
    let (dup, retain) = (if *dup { ", again" } else { "" }, if *retain { ", retained" } else { "" });
    format!("PUBLISH {id} at {qos:?} to {topic}: {payload}{dup}{retain}")
}
