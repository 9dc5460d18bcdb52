//! The session: who, how long, where in its life, and its will.

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
    /// The version its last connection spoke.
    pub version: ProtocolVersion,
    /// Session expiry in seconds; `u32::MAX` is never.
    pub session_expiry: u32,
    /// Where it is in its life.
    pub state: SessionState,
    /// The will that was not yet published.
    pub will: Option<Box<Will>>,
}

/// Where a session is in its life. Times are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize)]
pub enum SessionState {
    /// A connection served it.
    Attached,
    /// No connection.
    Waiting {
        /// When the will is due.
        will_at: Option<u64>,
        /// When the session ends; `None` is never.
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
            will: self.will.as_deref().map(WillLayout::of),
        })
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let layout = archive::access::<ArchivedLayout<'_>>(bytes)?;
        Ok(Self {
            tenant: Arc::from(layout.tenant.as_str()),
            client_id: Arc::from(layout.client_id.as_str()),
            version: archive::version(layout.version)?,
            session_expiry: layout.session_expiry.to_native(),
            state: SessionState::from_archived(&layout.state),
            will: layout.will.as_ref().map(read_will).transpose()?.map(Box::new),
        })
    }

    /// Bytes it holds, more or less.
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
    fn of(will: &'a Will) -> Self {
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
        topic: topic::Name::parse(&layout.topic).map_err(|_| "a will topic that is no topic name")?,
        payload: Bytes::copy_from_slice(&layout.payload),
        qos: archive::qos(layout.qos)?,
        retain: layout.retain,
        delay: layout.delay.to_native(),
        expiry: layout.expiry.as_ref().map(|expiry| expiry.to_native()),
        properties: Bytes::copy_from_slice(&layout.properties),
    })
}
