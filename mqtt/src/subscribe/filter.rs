//! A topic filter as requested. The text of an invalid filter is kept, so that SUBACK and UNSUBACK can refuse this
//! filter and accept the others.

use crate::error::Fault;
use crate::reader::Reader;
use crate::topic::{SubscriptionFilter, TopicError};
use crate::writer::Writer;

/// A text that is not a valid topic filter. The text is not empty and does not contain U+0000.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {text:?}")]
pub struct InvalidFilter {
    /// The text.
    pub text: Box<str>,
    /// The rule that the text violates.
    pub error: TopicError,
}

/// Reads a filter. Invalid UTF-8 or U+0000 `[MQTT5-3.8.3-1]` `[MQTT5-4.7.3-2]` and an empty filter `[MQTT5-4.7.3-1]`
/// are faults of the whole packet. Misplaced wildcards and invalid share names are faults of this filter only.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Result<SubscriptionFilter, InvalidFilter>, Fault> {
    let text = reader.text()?;
    match SubscriptionFilter::parse(text) {
        Err(TopicError::Empty) => Err(Fault::FilterEmpty),
        Err(error) => Ok(Err(InvalidFilter { text: Box::from(text), error })),
        Ok(filter) => Ok(Ok(filter)),
    }
}

pub(crate) fn write(filter: &Result<SubscriptionFilter, InvalidFilter>, writer: &mut Writer<'_>) {
    match filter {
        Ok(SubscriptionFilter { share: None, filter }) => writer.text(filter),
        Ok(shared) => writer.text(&shared.to_string()),
        Err(invalid) => writer.text(&invalid.text),
    }
}
