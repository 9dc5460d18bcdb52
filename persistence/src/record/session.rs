//! A session: its client, expiry, state and will.

use std::sync::Arc;

use bytes::Bytes;
use rkyv::with::{AsString, InlineAsBox};
use rkyv::{Archive, Serialize};
use tidegate_mqtt::{ProtocolVersion, Will, topic};

use super::archive::{self, ArchiveBuffer};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The tenant.
    pub tenant: Arc<str>,
    /// The client identifier.
    pub client_id: Arc<str>,
    /// The protocol version of the session's last connection.
    pub version: ProtocolVersion,
    /// Session expiry in seconds; `u32::MAX` means never.
    pub session_expiry: u32,
    /// The state of the session: connected, or waiting for a connection.
    pub state: SessionState,
    /// The will, if the session has one that has not been published yet.
    pub will: Option<Box<Will>>,
}

/// Whether a session has a connection. Times are milliseconds of store time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize)]
pub enum SessionState {
    /// A connection serves the session.
    Attached,
    /// The session has no connection.
    Waiting {
        /// The time at which the will must be published.
        will_at: Option<u64>,
        /// The time at which the session expires; `None` means never.
        ends_at: Option<u64>,
    },
}

#[derive(Archive, Serialize)]
struct Layout<'a> {
    #[rkyv(with = AsString)]
    tenant: &'a str,
    #[rkyv(with = AsString)]
    client_id: &'a str,
    version: u8,
    session_expiry: u32,
    state: SessionState,
    will: Option<WillLayout<'a>>,
}

#[derive(Archive, Serialize)]
struct WillLayout<'a> {
    #[rkyv(with = AsString)]
    topic: &'a str,
    #[rkyv(with = InlineAsBox)]
    payload: &'a [u8],
    qos: u8,
    retain: bool,
    delay: u32,
    expiry: Option<u32>,
    #[rkyv(with = InlineAsBox)]
    properties: &'a [u8],
}

impl SessionRecord {
    pub(crate) fn archive<'b>(&self, buffer: &'b mut ArchiveBuffer) -> Result<&'b [u8], &'static str> {
        buffer.archive(&Layout {
            tenant: &self.tenant,
            client_id: &self.client_id,
            version: self.version.level(),
            session_expiry: self.session_expiry,
            state: self.state,
            will: self.will.as_deref().map(WillLayout::from_will),
        })
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let layout = archive::access::<ArchivedLayout<'_>>(bytes)?;
        Ok(Self {
            tenant: Arc::from(layout.tenant.as_str()),
            client_id: Arc::from(layout.client_id.as_str()),
            version: archive::parse_version(layout.version)?,
            session_expiry: layout.session_expiry.to_native(),
            state: SessionState::from_archived(&layout.state),
            will: layout.will.as_ref().map(read_will).transpose()?.map(Box::new),
        })
    }

    /// Returns the approximate number of bytes in memory.
    pub(crate) fn size(&self) -> usize {
        let will = self
            .will
            .as_ref()
            .map_or(0, |will| will.topic.len() + will.payload.len() + will.properties.len());
        size_of::<Self>() + self.tenant.len() + self.client_id.len() + will
    }
}

impl SessionState {
    fn from_archived(archived: &ArchivedSessionState) -> Self {
        match archived {
            ArchivedSessionState::Attached => Self::Attached,
            ArchivedSessionState::Waiting { will_at, ends_at } => Self::Waiting {
                will_at: will_at.as_ref().map(|at| at.to_native()),
                ends_at: ends_at.as_ref().map(|at| at.to_native()),
            },
        }
    }
}

impl<'a> WillLayout<'a> {
    fn from_will(will: &'a Will) -> Self {
        Self {
            topic: &will.topic,
            payload: &will.payload,
            qos: will.qos.value(),
            retain: will.retain,
            delay: will.delay,
            expiry: will.expiry,
            properties: &will.properties,
        }
    }
}

fn read_will(layout: &ArchivedWillLayout<'_>) -> Result<Will, &'static str> {
    Ok(Will {
        topic: topic::Name::parse(&layout.topic).map_err(|_| "an invalid will topic")?,
        payload: Bytes::copy_from_slice(&layout.payload),
        qos: archive::parse_qos(layout.qos)?,
        retain: layout.retain,
        delay: layout.delay.to_native(),
        expiry: layout.expiry.as_ref().map(|expiry| expiry.to_native()),
        properties: Bytes::copy_from_slice(archive::check_properties(&layout.properties)?),
    })
}
