//! Decodes the packet in a frame.

use super::Packet;
use crate::ProtocolVersion;
use crate::ack::Ack;
use crate::auth::Auth;
use crate::connack::ConnAck;
use crate::connect::Connect;
use crate::disconnect::Disconnect;
use crate::error::{DecodeError, Fault};
use crate::frame::{Frame, PacketType};
use crate::publish::Publish;
use crate::reader::Reader;
use crate::suback::{SubAck, UnsubAck};
use crate::subscribe::Subscribe;
use crate::unsubscribe::Unsubscribe;

impl Packet {
    /// Decodes the packet in a frame. `version` is the version of the connection; a CONNECT states its own version.
    ///
    /// # Errors
    /// Returns an error if the frame is not a valid packet of that version.
    pub fn decode(frame: &Frame<'_>, version: ProtocolVersion) -> Result<Self, DecodeError> {
        match frame.packet_type {
            PacketType::Connect => Ok(Self::from(Connect::decode(frame)?)),
            PacketType::PubAck | PacketType::PubRec | PacketType::PubRel | PacketType::PubComp => {
                Ok(Self::Ack(Ack::parse(frame, version)?))
            }
            _ => read(frame, version).map_err(|fault| DecodeError::new(fault, version)),
        }
    }
}

fn read(frame: &Frame<'_>, version: ProtocolVersion) -> Result<Packet, Fault> {
    if frame.packet_type == PacketType::Publish {
        return Publish::read(frame, version).map(Packet::from);
    }
    let mut reader = Reader::new(frame.body);
    let packet = match frame.packet_type {
        PacketType::Subscribe => Subscribe::read(&mut reader, version).map(Packet::from),
        PacketType::Unsubscribe => Unsubscribe::read(&mut reader, version).map(Packet::from),
        PacketType::PingReq => Ok(Packet::PingReq),
        PacketType::PingResp => Ok(Packet::PingResp),
        PacketType::Disconnect => Disconnect::read(&mut reader, version).map(Packet::from),
        _ => read_reply(frame.packet_type, &mut reader, version),
    }?;
    reader.finish()?;
    Ok(packet)
}

fn read_reply(
    packet_type: PacketType,
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<Packet, Fault> {
    match packet_type {
        PacketType::ConnAck => ConnAck::read(reader, version).map(Packet::from),
        PacketType::SubAck => SubAck::read(reader, version).map(Packet::from),
        PacketType::UnsubAck => UnsubAck::read(reader, version).map(Packet::from),
        PacketType::Auth if version.is_v5() => Auth::read(reader).map(Packet::from),
        _ => Err(Fault::PacketType),
    }
}
