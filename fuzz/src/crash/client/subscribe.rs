//! Makes and removes the client's subscriptions.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, PacketId, QoS, ReasonCode, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe,
    UserProperties,
};

use super::{Client, Request};
use crate::crash::promises::Promises;
use crate::random::Random;

impl Client {
    /// Chooses a SUBSCRIBE or UNSUBSCRIBE. Returns the bytes of the packet, or none if the chosen filter cannot be used
    /// now.
    pub(in crate::crash) fn choose_request(
        &mut self,
        promises: &mut Promises,
        random: &mut Random,
    ) -> Vec<u8> {
        let filter = random.pick(&FILTERS);
        let is_pending = self.requests.values().any(|request| request.filter() == filter);
        let is_unsupported = !self.version.is_v5() && filter.starts_with('$');
        if is_pending || is_unsupported {
            return Vec::new();
        }
        let packet = if random.chance(25) {
            self.unsubscribe(promises, filter)
        } else {
            // Shared subscriptions use at least QoS 1, because a member at QoS 0 may lose messages that another member
            // would have received.
            let least = if filter.starts_with('$') { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            let qos = random.pick(&[least, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce]);
            self.subscribe(promises, filter, qos)
        };
        self.encode([packet])
    }

    /// Subscribes to all filters with one packet per filter. Returns the bytes of the packets.
    pub(in crate::crash) fn resubscribe(&mut self, promises: &mut Promises) -> Vec<u8> {
        let is_v5 = self.version.is_v5();
        let filters = FILTERS.into_iter().filter(|filter| is_v5 || !filter.starts_with('$'));
        let packets: Vec<_> =
            filters.map(|filter| self.subscribe(promises, filter, QoS::ExactlyOnce)).collect();
        self.encode(packets)
    }

    fn subscribe(&mut self, promises: &mut Promises, filter: &'static str, qos: QoS) -> Packet {
        promises.subscribe_sent(self.index, filter, qos);
        let packet_id = self.request_id();
        self.requests.insert(packet_id, Request::Subscribe(filter, qos));
        let entry = SubscribeEntry { filter: Ok(parse(filter)), options: SubscriptionOptions::with_qos(qos) };
        let user_properties = UserProperties::new();
        Packet::Subscribe(Subscribe { packet_id, identifier: None, user_properties, filters: vec![entry] })
    }

    fn unsubscribe(&mut self, promises: &mut Promises, filter: &'static str) -> Packet {
        promises.unsubscribe_sent(self.index, filter);
        let packet_id = self.request_id();
        self.requests.insert(packet_id, Request::Unsubscribe(filter));
        let filters = vec![Ok(parse(filter))];
        Packet::Unsubscribe(Unsubscribe { packet_id, user_properties: UserProperties::new(), filters })
    }

    /// Handles SUBACK.
    pub(super) fn handle_suback(&mut self, promises: &mut Promises, id: PacketId, reasons: &[ReasonCode]) {
        let Some(Request::Subscribe(filter, qos)) = self.requests.remove(&id) else {
            panic!("SUBACK for {id}, which was no SUBSCRIBE")
        };
        let granted: Vec<_> = reasons.iter().map(|reason| reason.value()).collect();
        assert_eq!(granted, [qos.value()], "SUBACK for {filter}");
        promises.subscribed(self.index, filter, qos);
    }

    /// Handles UNSUBACK.
    pub(super) fn handle_unsuback(&mut self, promises: &mut Promises, id: PacketId) {
        let Some(Request::Unsubscribe(filter)) = self.requests.remove(&id) else {
            panic!("UNSUBACK for {id}, which was no UNSUBSCRIBE")
        };
        promises.unsubscribed(self.index, filter);
    }

    /// Returns a packet identifier that no message and no other request uses.
    fn request_id(&self) -> PacketId {
        let last = self.requests.keys().last().copied();
        last.map_or(PacketId::new(1000).unwrap_or(PacketId::MIN), PacketId::next)
    }
}

impl Request {
    fn filter(&self) -> &'static str {
        match self {
            Self::Subscribe(filter, _) | Self::Unsubscribe(filter) => filter,
        }
    }
}

fn parse(filter: &str) -> SubscriptionFilter {
    SubscriptionFilter::parse(filter).expect("a filter")
}

/// Filters to which clients subscribe.
const FILTERS: [&str; 6] = ["t/+", "t/a", "t/#", "r/#", "w/#", "$share/g/s/#"];
