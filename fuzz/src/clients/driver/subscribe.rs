//! SUBSCRIBE and UNSUBSCRIBE: filters that overlap, alone and shared.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, PacketId, QoS, RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe,
    UserProperties,
};

use super::Driver;
use crate::clients::model::Model;

impl Driver {
    pub(super) fn subscribe(&mut self, client: usize, model: &Model) -> Packet {
        let is_five = self.is_five(client, model);
        let count = self.random.pick(&[1, 1, 1, 2]);
        let filters = (0..count).map(|_| self.entry(is_five)).collect();
        let identifier = self.random.pick(&[None, None, Some(1), Some(2), Some(300)]).filter(|_| is_five);
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
        let filters = vec![Ok(SubscriptionFilter::parse(&filter).expect("a good filter"))];
        Unsubscribe { packet_id: PacketId::MAX, user_properties: UserProperties::new(), filters }.into()
    }

    fn entry(&mut self, is_five: bool) -> SubscribeEntry {
        let filter = SubscriptionFilter::parse(self.random.pick(&FILTERS)).expect("a good filter");
        let qos = self.random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce]);
        let mut options = SubscriptionOptions::of(qos);
        if is_five {
            // No Local on a shared subscription is a fault, which is to happen seldom.
            let may_be_local = !filter.is_shared() || self.random.chance(3);
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

/// What is subscribed to.
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
