//! Steps and packets in plain words.

use tidegate_mqtt::{Ack, Connect, Packet, Publish, Subscribe, Will};

use super::step::Step;

/// A step.
pub(super) fn step(step: &Step) -> String {
    match step {
        Step::Connect { client, connect, lag } => {
            let lag = if *lag > 0 { format!("after {lag} ms, ") } else { String::new() };
            format!("{lag}c{client} connects: {}", connect_words(connect))
        }
        Step::Send { client, packet: sent } => format!("c{client} sends {}", packet(sent)),
        Step::Close { client } => format!("the connection of c{client} breaks"),
        Step::Silence { client } => format!("the broker gives up the silent c{client}"),
        Step::CloseLate { connection } => format!("connection {} says late that it is over", connection.0),
        Step::Pass { milliseconds } => format!("{milliseconds} ms pass"),
        Step::Sweep => "the broker gives back what has expired".to_owned(),
    }
}

/// A packet.
pub(super) fn packet(packet: &Packet) -> String {
    match packet {
        Packet::Publish(publish) => self::publish(publish),
        Packet::Ack(ack) => ack_words(ack),
        Packet::Subscribe(subscribe) => subscribe_words(subscribe),
        Packet::Unsubscribe(unsubscribe) => {
            format!("UNSUBSCRIBE {:?}", unsubscribe.filters.iter().flatten().collect::<Vec<_>>())
        }
        Packet::ConnAck(connack) => {
            format!("CONNACK {:?}, session present {}", connack.reason, connack.session_present)
        }
        Packet::Disconnect(disconnect) => {
            format!("DISCONNECT {:?}, expiry {:?}", disconnect.reason, disconnect.session_expiry)
        }
        Packet::SubAck(suback) => format!("SUBACK {:?}", suback.reasons),
        Packet::UnsubAck(unsuback) => format!("UNSUBACK {:?}", unsuback.reasons),
        other => format!("{:?}", other.packet_type()),
    }
}

fn connect_words(connect: &Connect) -> String {
    let clean = if connect.clean_start { "clean" } else { "not clean" };
    let expiry = connect.session_expiry;
    let maximum = connect.receive_maximum;
    let will = connect.will.as_ref().map_or_else(|| "no will".to_owned(), will_words);
    format!("{:?}, {clean}, expiry {expiry:?}, receive maximum {maximum:?}, {will}", connect.version)
}

fn will_words(will: &Will) -> String {
    let retain = if will.retain { ", retained" } else { "" };
    let payload = payload(&will.payload);
    let Will { delay, expiry, .. } = will;
    let topic = will.topic.as_str();
    format!("will {payload} on {topic:?}, {:?}{retain}, delay {delay}, expiry {expiry:?}", will.qos)
}

/// The beginning of a payload.
pub(super) fn payload(payload: &[u8]) -> String {
    let beginning = payload.get(..10).unwrap_or(payload);
    format!("{:?}", String::from_utf8_lossy(beginning))
}

/// A PUBLISH.
pub(super) fn publish(publish: &Publish) -> String {
    let id = publish.packet_id.map_or_else(String::new, |id| format!(" id {id}"));
    let dup = if publish.dup { ", DUP" } else { "" };
    let retain = if publish.retain { ", RETAIN" } else { "" };
    let payload = payload(&publish.payload);
    let expiry = publish.properties.expiry.map_or_else(String::new, |expiry| format!(", expiry {expiry}"));
    let identifiers = match publish.properties.identifiers.as_slice() {
        [] => String::new(),
        some => format!(", identifiers {some:?}"),
    };
    let (qos, topic) = (publish.qos, &publish.topic);
    format!("PUBLISH{id} {payload} on {topic:?}, {qos:?}{dup}{retain}{expiry}{identifiers}")
}

fn ack_words(ack: &Ack) -> String {
    format!("{:?} id {} {:?}", ack.kind, ack.packet_id, ack.reason)
}

fn subscribe_words(subscribe: &Subscribe) -> String {
    let mut words = "SUBSCRIBE".to_owned();
    for entry in &subscribe.filters {
        let filter = entry.filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let options = entry.options;
        words += &format!(" {filter:?} at {:?}", options.qos);
        words += if options.no_local { ", no local" } else { "" };
        words += if options.retain_as_published { ", retain as published" } else { "" };
        words += &format!(", retained: {:?}", options.retain_handling);
    }
    match subscribe.identifier {
        Some(identifier) => format!("{words}, identifier {identifier}"),
        None => words,
    }
}
