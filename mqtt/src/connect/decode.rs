//! Decodes CONNECT. The packet states its own protocol version. Errors report whether a CONNACK may answer the packet.

use super::{Connect, Will};
use crate::error::{DecodeError, Fault};
use crate::frame::Frame;
use crate::property::{PacketContext, PropertyId, PropertyList};
use crate::reader::Reader;
use crate::{ProtocolVersion, QoS};

impl Connect {
    /// Decodes the CONNECT in a frame.
    ///
    /// # Errors
    /// Returns an error if the frame is not a valid CONNECT. [`DecodeError::connack_version`] is the version of the
    /// CONNACK that may answer the invalid packet.
    pub fn decode(frame: &Frame<'_>) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame.body);
        let version = read_version(&mut reader)?;
        // If the CONNECT of an MQTT 3.x client is malformed, a server closes the connection without a CONNACK
        // [MQTT3-3.1.4-1].
        let answer = Some(version).filter(|version| version.is_v5());
        let fail = |fault| DecodeError::in_connect(fault, version, answer);
        // [MQTT5-1.5.5-1] `frame::first` does not check the length encoding because it does not know the version.
        if version.is_v5() && frame.is_padded() {
            return Err(fail(Fault::VariableLength));
        }
        read(&mut reader, version).map_err(fail)
    }
}

/// Reads the protocol name and level `[MQTT5-3.1.2-1]` `[MQTT5-3.1.2-2]` `[MQTT3-3.1.2-1]` `[MQTT3-3.1.2-2]`.
fn read_version(reader: &mut Reader<'_>) -> Result<ProtocolVersion, DecodeError> {
    let without_answer = |fault| DecodeError::in_connect(fault, ProtocolVersion::V3_1_1, None);
    let name = reader.binary().map_err(without_answer)?;
    let level = reader.u8().map_err(without_answer)?;
    let named = |version: &ProtocolVersion| version.protocol_name().as_bytes() == name;
    if !ProtocolVersion::ALL.iter().any(named) {
        let v5 = Some(ProtocolVersion::V5).filter(|v5| v5.level() == level);
        let version = v5.unwrap_or(ProtocolVersion::V3_1_1);
        return Err(DecodeError::in_connect(Fault::ProtocolName, version, v5));
    }
    let version = ProtocolVersion::ALL.into_iter().find(|version| named(version) && version.level() == level);
    let v3_1_1 = ProtocolVersion::V3_1_1;
    version.ok_or_else(|| DecodeError::in_connect(Fault::ProtocolLevel, v3_1_1, Some(v3_1_1)))
}

fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Connect, Fault> {
    let flags = ConnectFlags::read(reader, version)?;
    let keep_alive = reader.u16()?;
    let properties = read_properties(reader, version)?;
    // [MQTT5-3.1.3-1] [MQTT5-3.1.3-3] [MQTT5-3.1.3-4] [MQTT3-3.1.3-1] [MQTT3-3.1.3-3] [MQTT3-3.1.3-4]
    let client_id = reader.text()?.to_owned();
    let mut connect =
        Connect { clean_start: flags.clean_start, keep_alive, ..properties.into_connect(version, client_id) };
    if let Some((qos, retain)) = flags.will {
        connect.will = Some(Will::read(reader, version, qos, retain)?);
    }
    read_credentials(reader, &flags, &mut connect)?;
    // [MQTT5-3.1.2-16] [MQTT5-3.1.2-18] [MQTT3-3.1.2-18] [MQTT3-3.1.2-20]
    reader.finish()?;
    Ok(connect)
}

/// Reads the user name and password that the flags announce `[MQTT5-3.1.2-17]` `[MQTT5-3.1.2-19]` `[MQTT3-3.1.2-19]`
/// `[MQTT3-3.1.2-21]`.
fn read_credentials(
    reader: &mut Reader<'_>,
    flags: &ConnectFlags,
    connect: &mut Connect,
) -> Result<(), Fault> {
    // MQTT 3.1, section 3.1: a packet is valid even if it ends before fields that its flags announce.
    let may_be_missing = connect.version == ProtocolVersion::V3_1;
    let is_present =
        |announced: bool, reader: &Reader<'_>| announced && !(may_be_missing && reader.is_empty());
    if is_present(flags.user_name, reader) {
        connect.user_name = Some(reader.text()?.to_owned());
    }
    if is_present(flags.password, reader) {
        connect.password = Some(bytes::Bytes::copy_from_slice(reader.binary()?));
    }
    Ok(())
}

fn read_properties<'a>(reader: &mut Reader<'a>, version: ProtocolVersion) -> Result<PropertyList<'a>, Fault> {
    if !version.is_v5() {
        return Ok(PropertyList::default());
    }
    PropertyList::read(reader, PacketContext::Connect)
}

impl PropertyList<'_> {
    fn into_connect(self, version: ProtocolVersion, client_id: String) -> Connect {
        Connect {
            session_expiry: self.number(PropertyId::SessionExpiryInterval),
            receive_maximum: self.u16_number(PropertyId::ReceiveMaximum),
            packet_size_max: self.number(PropertyId::MaximumPacketSize),
            topic_alias_maximum: self.u16_number(PropertyId::TopicAliasMaximum),
            request_response_information: self.flag(PropertyId::RequestResponseInformation).unwrap_or(false),
            request_problem_information: self.flag(PropertyId::RequestProblemInformation).unwrap_or(true),
            authentication_method: self.text(PropertyId::AuthenticationMethod),
            authentication_data: self.binary(PropertyId::AuthenticationData),
            user_properties: self.user,
            ..Connect::new(version, client_id)
        }
    }
}

/// The connect flags.
struct ConnectFlags {
    clean_start: bool,
    /// QoS and RETAIN flag of the will, if there is a will.
    will: Option<(QoS, bool)>,
    user_name: bool,
    password: bool,
}

impl ConnectFlags {
    fn read(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Self, Fault> {
        let byte = reader.u8()?;
        let is_set = |bit: u8| byte & bit != 0;
        // [MQTT5-3.1.2-3] [MQTT3-3.1.2-3]
        if is_set(RESERVED_FLAG) {
            return Err(Fault::ConnectReserved);
        }
        let flags = Self {
            clean_start: is_set(CLEAN_START_FLAG),
            will: read_will_flags(byte)?,
            user_name: is_set(USER_NAME_FLAG),
            password: is_set(PASSWORD_FLAG),
        };
        // [MQTT3-3.1.2-22] forbids a password without a user name; MQTT 5.0 allows such a CONNECT.
        if !version.is_v5() && flags.password && !flags.user_name {
            Err(Fault::PasswordAlone)
        } else {
            Ok(flags)
        }
    }
}

/// Returns QoS and RETAIN flag of the will, if the flags announce a will `[MQTT5-3.1.2-11]` `[MQTT5-3.1.2-12]`
/// `[MQTT5-3.1.2-13]` `[MQTT3-3.1.2-13]` `[MQTT3-3.1.2-14]` `[MQTT3-3.1.2-15]`.
fn read_will_flags(byte: u8) -> Result<Option<(QoS, bool)>, Fault> {
    let retain = byte & WILL_RETAIN_FLAG != 0;
    let qos_bits = byte >> WILL_QOS_SHIFT & 0b11;
    if byte & WILL_FLAG != 0 {
        let qos = QoS::try_from(qos_bits).map_err(|_| Fault::WillQoS)?;
        return Ok(Some((qos, retain)));
    }
    if retain || qos_bits != 0 { Err(Fault::WillFlags) } else { Ok(None) }
}

const RESERVED_FLAG: u8 = 0x01;
pub(super) const CLEAN_START_FLAG: u8 = 0x02;
pub(super) const WILL_FLAG: u8 = 0x04;
pub(super) const WILL_QOS_SHIFT: u8 = 3;
pub(super) const WILL_RETAIN_FLAG: u8 = 0x20;
pub(super) const PASSWORD_FLAG: u8 = 0x40;
pub(super) const USER_NAME_FLAG: u8 = 0x80;
