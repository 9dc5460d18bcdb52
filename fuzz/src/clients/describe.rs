//! Formats steps and packets as text for traces and failure messages.

use tidegate_mqtt::{Ack, Connect, Packet, Publish, Subscribe, Will};

use super::step::Step;

/// Returns the description of a step.
pub(super) fn step(step: &Step) -> String {
    match step {
        Step::Connect { client, connect, lag } => {
            let lag = if *lag > 0 { format!("after {lag} ms, ") } else { String::new() };
            format!("{lag}c{client} connects: {}", describe_connect(connect))
        }
        Step::Send { client, packets } => {
            let packets: Vec<_> = packets.iter().map(packet).collect();
            format!("c{client} sends {}", packets.join(", then "))
        }
        Step::Close { client } => format!("the connection of c{client} breaks"),
        Step::CloseLate { connection } => format!("connection {} reports its end late", connection.0),
        Step::Wait { milliseconds } => format!("{milliseconds} ms pass"),
        Step::Sweep => "the broker removes what has expired".to_owned(),
    }
}

/// Returns the description of a packet.
pub(super) fn packet(packet: &Packet) -> String {
    match packet {
        Packet::Publish(publish) => self::publish(publish),
        Packet::Ack(ack) => describe_ack(ack),
        Packet::Subscribe(subscribe) => describe_subscribe(subscribe),
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

/// Returns the beginning of a payload as text.
pub(super) fn payload(payload: &[u8]) -> String {
    let beginning = payload.get(..10).unwrap_or(payload);
    format!("{:?}", String::from_utf8_lossy(beginning))
}

/// Returns the description of a PUBLISH.
pub(super) fn publish(publish: &Publish) -> String {
    let id = publish.packet_id.map_or_else(String::new, |id| format!(" id {id}"));
    let dup = if publish.dup { ", DUP" } else { "" };
    let retain = if publish.retain { ", RETAIN" } else { "" };
    let payload = payload(&publish.payload);
    let expiry = publish.properties.expiry.map_or_else(String::new, |expiry| format!(", expiry {expiry}"));
    let subscription_identifiers = match publish.properties.subscription_identifiers.as_slice() {
        [] => String::new(),
        some => format!(", identifiers {some:?}"),
    };
    let (qos, topic) = (publish.qos, &publish.topic);
    format!("PUBLISH{id} {payload} on {topic:?}, {qos:?}{dup}{retain}{expiry}{subscription_identifiers}")
}

fn describe_connect(connect: &Connect) -> String {
    let clean = if connect.clean_start { "clean start" } else { "no clean start" };
    let Connect { version, session_expiry, receive_maximum, keep_alive, will, .. } = connect;
    let will = will.as_ref().map_or_else(|| "no will".to_owned(), describe_will);
    format!(
        "{version:?}, {clean}, expiry {session_expiry:?}, receive maximum {receive_maximum:?}, \
         keep alive {keep_alive}, {will}"
    )
}

fn describe_will(will: &Will) -> String {
    let retain = if will.retain { ", retained" } else { "" };
    let payload = payload(&will.payload);
    let Will { delay, expiry, .. } = will;
    let topic = will.topic.as_str();
    format!("will {payload} on {topic:?}, {:?}{retain}, delay {delay}, expiry {expiry:?}", will.qos)
}

fn describe_ack(ack: &Ack) -> String {
    format!("{:?} id {} {:?}", ack.kind, ack.packet_id, ack.reason)
}

fn describe_subscribe(subscribe: &Subscribe) -> String {
    let mut description = "SUBSCRIBE".to_owned();
    for entry in &subscribe.filters {
        let filter = entry.filter.as_ref().map(ToString::to_string).unwrap_or_default();
        let options = entry.options;
        description += &format!(" {filter:?} at {:?}", options.qos);
        description += if options.no_local { ", no local" } else { "" };
        description += if options.retain_as_published { ", retain as published" } else { "" };
        description += &format!(", retain handling {:?}", options.retain_handling);
    }
    match subscribe.identifier {
        Some(identifier) => format!("{description}, identifier {identifier}"),
        None => description,
    }
}
