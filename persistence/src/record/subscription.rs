//! A subscription: the filter as received in SUBSCRIBE, and the granted options.

use std::sync::Arc;

use rkyv::with::AsString;
use rkyv::{Archive, Serialize};
use tidegate_mqtt::{RetainHandling, SubscriptionOptions};

use super::archive::{self, ArchiveBuffer};

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRecord {
    /// The filter text, including `$share/…/`.
    pub filter: Arc<str>,
    /// The options, with the granted QoS.
    pub options: SubscriptionOptions,
    /// The subscription identifier.
    pub identifier: Option<u32>,
}

#[derive(Archive, Serialize)]
struct Layout<'a> {
    #[rkyv(with = AsString)]
    filter: &'a str,
    qos: u8,
    no_local: bool,
    retain_as_published: bool,
    retain_handling: u8,
    identifier: Option<u32>,
}

impl SubscriptionRecord {
    pub(crate) fn archive<'b>(&self, buffer: &'b mut ArchiveBuffer) -> Result<&'b [u8], &'static str> {
        buffer.archive(&Layout {
            filter: &self.filter,
            qos: self.options.qos.value(),
            no_local: self.options.no_local,
            retain_as_published: self.options.retain_as_published,
            retain_handling: self.options.retain_handling.value(),
            identifier: self.identifier,
        })
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let layout = archive::access::<ArchivedLayout<'_>>(bytes)?;
        let identifier =
            layout.identifier.as_ref().map(|identifier| archive::parse_identifier(identifier.to_native()));
        Ok(Self {
            filter: Arc::from(layout.filter.as_str()),
            options: SubscriptionOptions {
                qos: archive::parse_qos(layout.qos)?,
                no_local: layout.no_local,
                retain_as_published: layout.retain_as_published,
                retain_handling: retain_handling(layout.retain_handling)?,
            },
            identifier: identifier.transpose()?,
        })
    }

    /// Decodes only the filter of a subscription.
    pub(crate) fn read_filter(bytes: &[u8]) -> Result<&str, &'static str> {
        Ok(archive::access::<ArchivedLayout<'_>>(bytes)?.filter.as_str())
    }
}

fn retain_handling(value: u8) -> Result<RetainHandling, &'static str> {
    let all = [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::Never];
    all.into_iter().find(|handling| handling.value() == value).ok_or("an unknown retain handling")
}
