//! Chooses SUBSCRIBE and UNSUBSCRIBE packets with overlapping filters, shared ones among them.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, PacketId, QoS, RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe,
    UserProperties,
};

use super::{Driver, is_v5};
use crate::clients::model::Model;

impl Driver {
    pub(super) fn subscribe(&mut self, client: usize, model: &Model) -> Packet {
        let is_v5 = is_v5(client, model);
        let count = self.random.pick(&[1, 1, 1, 2, 3]);
        // An invalid entry ends the connection. If the broker handles the entry in a later turn, the packets that the
        // client gets before the end depend on how fast the client reads. The model cannot predict these packets.
        let may_fail = count == 1 || self.is_one_turn;
        let mut filters: Vec<_> = (0..count).map(|_| self.entry(is_v5, may_fail)).collect();
        if !self.is_one_turn {
            // If the packet takes several turns, no entry may replace an earlier one, because the packets between two
            // entries for the same filter also depend on how fast the client reads.
            let mut earlier_filters = Vec::new();
            filters.retain(|entry| {
                !earlier_filters.contains(&entry.filter) && {
                    earlier_filters.push(entry.filter.clone());
                    true
                }
            });
        }
        let identifier = self.random.pick(&[None, None, Some(1), Some(2), Some(300)]).filter(|_| is_v5);
        Subscribe { packet_id: PacketId::MAX, identifier, user_properties: UserProperties::new(), filters }
            .into()
    }

    pub(super) fn unsubscribe(&mut self, client: usize, model: &Model) -> Packet {
        let filters = model.session(client).map(|session| session.filters().cloned().collect::<Vec<_>>());
        let present = filters.filter(|filters| !filters.is_empty() && self.random.chance(80));
        let filter = match present {
            Some(filters) => filters[self.random.below(filters.len())].clone(),
            None => self.random.pick(&FILTERS).to_owned(),
        };
        let filters = vec![Ok(SubscriptionFilter::parse(&filter).expect("a valid filter"))];
        Unsubscribe { packet_id: PacketId::MAX, user_properties: UserProperties::new(), filters }.into()
    }

    fn entry(&mut self, is_v5: bool, may_fail: bool) -> SubscribeEntry {
        let filter = SubscriptionFilter::parse(self.random.pick(&FILTERS)).expect("a valid filter");
        let qos = self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce]);
        let mut options = SubscriptionOptions::with_qos(qos);
        if is_v5 {
            // No Local on a shared subscription is a protocol violation, which should be rare.
            let may_be_local = !filter.is_shared() || (may_fail && self.random.chance(3));
            options.no_local = may_be_local && self.random.chance(25);
            options.retain_as_published = self.random.chance(30);
            options.retain_handling = self.random.pick(&[
                RetainHandling::Send,
                RetainHandling::SendIfNew,
                RetainHandling::SendIfNew,
                RetainHandling::Never,
            ]);
        }
        SubscribeEntry { filter: Ok(filter), options }
    }
}

/// The filters of all subscriptions.
const FILTERS: [&str; 12] = [
    "t",
    "t/a",
    "t/b",
    "t/+",
    "+/b/#",
    "t/a/#",
    "#",
    "+/+/+",
    "$share/one/t/a/#",
    "$share/one/#",
    "$share/two/t/a",
    "$share/two/+/+",
];
