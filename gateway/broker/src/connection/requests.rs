//! Handles SUBSCRIBE and UNSUBSCRIBE entry by entry, in several turns if the budget requires it. Acknowledges the
//! request when all entries are in effect and committed.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Packet, PacketId, ReasonCode, SubAck, Subscribe, SubscribeEntry, UnsubAck, Unsubscribe};
use tidegate_persistence::Commit;
use tidegate_session::GrantedOptions;

use super::{ClientConnection, End, Unfinished};
use crate::receipt::Receipt;
use crate::subscriptions::Subscribed;
use crate::turn::Turn;

/// A SUBSCRIBE or UNSUBSCRIBE in progress.
pub(super) struct Request {
    packet: RequestPacket,
    /// The reason codes of the entries handled so far.
    reasons: Vec<ReasonCode>,
    /// The last commit of the entries handled so far.
    commit: Commit,
}

enum RequestPacket {
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
}

impl ClientConnection {
    /// Handles a request, or continues an unfinished one.
    pub(super) fn handle_request(&mut self, turn: &mut Turn<'_>, mut request: Request) -> Result<(), End> {
        while request.reasons.len() < request.packet.len() {
            let receipt = self.handle_entry(turn, &request.packet, request.reasons.len())?;
            request.reasons.push(receipt.outcome);
            request.commit = request.commit.max(receipt.commit);
            if turn.budget.is_spent() && request.reasons.len() < request.packet.len() {
                self.unfinished = Some(Box::new(Unfinished::Request(request)));
                return Ok(());
            }
        }
        let commit = request.commit;
        let committed = self.broker.latest_commit();
        let mut session = self.broker.own(&self.owner)?;
        // The subscriptions are in effect before the request is acknowledged [MQTT5-3.8.4-1].
        let result = self.acks.answer(turn, &mut session, committed, commit, request.into_answer());
        let _ = session.finish(turn);
        result
    }

    fn handle_entry(
        &mut self,
        turn: &mut Turn<'_>,
        packet: &RequestPacket,
        index: usize,
    ) -> Result<Receipt<ReasonCode>, End> {
        match packet {
            RequestPacket::Subscribe(subscribe) => match subscribe.filters.get(index) {
                Some(entry) => self.subscribe(turn, entry, subscribe.identifier),
                None => unreachable!("an index is below the number of entries"),
            },
            RequestPacket::Unsubscribe(unsubscribe) => match unsubscribe.filters.get(index) {
                Some(Ok(filter)) => self.unsubscribe(turn, filter),
                _ => Ok(Receipt::immediate(ReasonCode::TopicFilterInvalid)),
            },
        }
    }

    fn subscribe(
        &mut self,
        turn: &mut Turn<'_>,
        entry: &SubscribeEntry,
        identifier: Option<u32>,
    ) -> Result<Receipt<ReasonCode>, End> {
        let reason = self.inbound.check_subscribe(entry, identifier)?;
        if reason.is_error() {
            return Ok(Receipt::immediate(reason));
        }
        let Ok(filter) = &entry.filter else {
            return Ok(Receipt::immediate(ReasonCode::TopicFilterInvalid));
        };
        let mut options = entry.options;
        options.qos = options.qos.min(self.inbound.limits().qos_max);
        let granted = GrantedOptions { options, identifier };
        let Receipt { outcome, commit } = self.broker.subscribe(turn, &self.owner, filter, &granted)?;
        Ok(match outcome {
            Subscribed::Refused(reason) => Receipt::new(reason, commit),
            Subscribed::Granted { has_retained } => {
                self.may_have_replays |= has_retained;
                Receipt::new(reason, commit)
            }
        })
    }

    fn unsubscribe(
        &self,
        turn: &mut Turn<'_>,
        filter: &SubscriptionFilter,
    ) -> Result<Receipt<ReasonCode>, End> {
        let Receipt { outcome: existed, commit } = self.broker.unsubscribe(turn, &self.owner, filter)?;
        let reason = if existed { ReasonCode::Success } else { ReasonCode::NoSubscriptionExisted };
        Ok(Receipt::new(reason, commit))
    }
}

impl Request {
    fn new(packet: RequestPacket) -> Self {
        let reasons = Vec::with_capacity(packet.len());
        Self { packet, reasons, commit: Commit(0) }
    }

    fn into_answer(self) -> Packet {
        let (packet_id, reasons) = (self.packet.packet_id(), self.reasons);
        match self.packet {
            RequestPacket::Subscribe(_) => Packet::SubAck(SubAck { packet_id, reasons, properties: None }),
            RequestPacket::Unsubscribe(_) => {
                Packet::UnsubAck(UnsubAck { packet_id, reasons, properties: None })
            }
        }
    }
}

impl RequestPacket {
    /// Returns the number of entries.
    fn len(&self) -> usize {
        match self {
            Self::Subscribe(subscribe) => subscribe.filters.len(),
            Self::Unsubscribe(unsubscribe) => unsubscribe.filters.len(),
        }
    }

    fn packet_id(&self) -> PacketId {
        match self {
            Self::Subscribe(subscribe) => subscribe.packet_id,
            Self::Unsubscribe(unsubscribe) => unsubscribe.packet_id,
        }
    }
}

impl From<Subscribe> for Request {
    fn from(packet: Subscribe) -> Self {
        Request::new(RequestPacket::Subscribe(packet))
    }
}

impl From<Unsubscribe> for Request {
    fn from(packet: Unsubscribe) -> Self {
        Request::new(RequestPacket::Unsubscribe(packet))
    }
}
