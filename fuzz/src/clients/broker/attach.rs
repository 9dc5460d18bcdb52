//! Connections come, sessions stay, time passes: as the gateway's lifecycle, with what follows from it.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, Packet, ReasonCode, Will};
use tidegate_session::{Connection, Negotiated, Session, Unacknowledged};

use super::end::encode_farewell;
use super::replay::Replays;
use super::{Broker, ConnectionId, Line, Report, Seat, take_pending};

/// What a change of a session's life leaves to be done.
#[derive(Default)]
pub(super) struct Aftermath {
    pub(super) will: Option<Will>,
    pub(super) unacknowledged: Vec<Unacknowledged>,
    pub(super) ended: bool,
}

impl Broker {
    /// Gives the session to a new connection; whoever had it is told `[MQTT5-3.1.4-3]`.
    pub(super) fn attach(&mut self, id: ConnectionId, negotiated: &Negotiated) {
        let number = self.number_of(&negotiated.client_id);
        let now = self.now;
        let Some(seat) = self.seats.get_mut(&number) else { unreachable!("it was just made") };
        let last_words = take_pending(&mut seat.session);
        let attached = seat.session.attach(negotiated, now);
        let former = seat.connection.replace(id);
        for filter in &attached.removed {
            self.router.unsubscribe(filter, number);
        }
        let connack = negotiated.connack(attached.session_present, &self.config);
        assert!(seat.session.send(&Packet::from(connack)), "CONNACK has to fit");
        seat.session.resume(now);
        self.lines.insert(
            id,
            Line {
                number,
                epoch: attached.epoch,
                version: negotiated.version,
                connection: Connection::new(negotiated, Arc::clone(&self.config)),
                replays: Replays::default(),
                rest: None,
            },
        );
        if let Some(former) = former {
            let line = self.line(former);
            let mut rest = last_words;
            encode_farewell(Some(ReasonCode::SessionTakenOver), line.version, &mut rest);
            line.rest = Some(rest);
        }
        self.settle(
            number,
            Aftermath { will: attached.will, unacknowledged: attached.unacknowledged, ended: false },
        );
    }

    /// Time has come to `now`. Whether the broker looks at once what is due is the caller's choice.
    pub(in crate::clients) fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// Carries out what is due: delayed wills, session expiry.
    pub(in crate::clients) fn look(&mut self) {
        let now = self.now;
        let is_due = |session: &Session| session.poll_timeout().is_some_and(|due| due <= now);
        while let Some((number, seat)) = self.seats.iter_mut().find(|(_, seat)| is_due(&seat.session)) {
            let number = *number;
            let due = seat.session.handle_timeout(now);
            if due.ended {
                self.reports.push(Report::Ended(Arc::clone(&seat.client_id)));
            }
            self.settle(
                number,
                Aftermath { will: due.will, unacknowledged: due.unacknowledged, ended: due.ended },
            );
        }
    }

    /// Gives back what has expired, as housekeeping does it.
    pub(in crate::clients) fn sweep(&mut self) {
        let now = self.now;
        self.retained.sweep(now, usize::MAX);
        for seat in self.seats.values_mut() {
            seat.session.sweep(now);
        }
    }

    pub(super) fn settle(&mut self, number: u64, aftermath: Aftermath) {
        let Some(seat) = self.seats.get(&number) else { unreachable!("it is settled once") };
        let client_id = Arc::clone(&seat.client_id);
        if aftermath.ended {
            self.forget(number);
        }
        if let Some(will) = aftermath.will {
            self.reports.push(Report::Will(client_id));
            let message = Arc::new(Message::from_will(&will, number, self.now));
            self.publish(&message);
        }
        for unacknowledged in aftermath.unacknowledged {
            self.redispatch(number, &unacknowledged);
        }
    }

    /// The session is over: its subscriptions leave the routing table.
    fn forget(&mut self, number: u64) {
        let Some(mut seat) = self.seats.remove(&number) else { return };
        for (filter, _) in seat.session.subscriptions() {
            self.router.unsubscribe(&filter, number);
        }
        self.accounts.add(&seat.session.take_drops());
    }

    /// Gives a message that a member of a group left unacknowledged to another `[MQTT5-4.8.2]`.
    fn redispatch(&mut self, number: u64, unacknowledged: &Unacknowledged) {
        let filter = SubscriptionFilter::parse(&unacknowledged.share).expect("the filter of a group");
        match self.router.group(&filter) {
            Some(group) => {
                let _ = self.hand_to_group(&group, &unacknowledged.message, Some(number));
            }
            None => self.report_shared(&unacknowledged.share, &unacknowledged.message, None),
        }
    }

    fn number_of(&mut self, client_id: &Arc<str>) -> u64 {
        let present = self.seats.iter().find(|(_, seat)| seat.client_id == *client_id);
        if let Some((number, _)) = present {
            return *number;
        }
        self.last_number += 1;
        let number = self.last_number;
        let session = Session::new(number, Arc::clone(&self.config));
        self.seats.insert(number, Seat { client_id: Arc::clone(client_id), session, connection: None });
        number
    }
}
