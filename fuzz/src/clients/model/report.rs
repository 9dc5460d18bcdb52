//! The broker's decisions, each held against what it may decide.

use std::collections::VecDeque;
use std::rc::Rc;

use super::message::{Message, Owed};
use super::session::WillDue;
use super::{Model, Situation, number};
use crate::clients::broker::{Group, Report};

impl Model {
    /// What the step brought about beyond its own effect: wills, ends of sessions, messages that move within a group.
    pub(super) fn settle(&mut self, reports: &mut VecDeque<Report>) {
        while let Some(report) = reports.pop_front() {
            match report {
                Report::Will(client_id) => self.publish_will(number(&client_id), reports),
                Report::Ended(client_id) => self.end_by_expiry(number(&client_id)),
                Report::Shared(group) => self.move_orphan(&group),
            }
        }
    }

    /// A message that nobody acknowledged stays with the group, if it may.
    pub(super) fn leave_behind(&mut self, owed: Owed) {
        if owed.share.is_some() {
            self.account.orphaned += 1;
            self.unacknowledged.push(owed);
        } else {
            self.account.ended += 1;
        }
    }

    fn publish_will(&mut self, client: usize, reports: &mut VecDeque<Report>) {
        self.look_for_will(client);
        let place = self.wills_due.iter().position(|due| due.client == client);
        let Some(place) = place else {
            panic!("the will of c{client} is published, and is not due [MQTT5-3.1.3-9]")
        };
        let WillDue { serial, will, .. } = self.wills_due.remove(place);
        self.seen.note_if(will.retain, Situation::WillRetained);
        let message = Rc::new(Message::of_will(&will, client, serial, self.now));
        self.publish(&message, reports);
    }

    /// The will's delay is over.
    fn look_for_will(&mut self, client: usize) {
        let now = self.now;
        let Some(session) = self.sessions.get(&client) else { return };
        if session.connection.is_none() && session.will_at.is_some_and(|at| at <= now) {
            self.seen.note(Situation::WillDelayed);
            self.will_falls_due(client);
        }
    }

    fn end_by_expiry(&mut self, client: usize) {
        let now = self.now;
        let session = self.session_mut(client);
        let is_over = session.connection.is_none() && session.expires_at.is_some_and(|at| at <= now);
        let has_will = session.will.is_some();
        assert!(is_over, "the session of c{client} ends too early [MQTT5-3.1.2-23]");
        self.seen.note(Situation::SessionExpired);
        self.seen.note_if(has_will, Situation::WillAtExpiry);
        self.end(client);
    }

    /// `[MQTT5-4.8.2-4]` `[MQTT5-4.8.2-5]`
    fn move_orphan(&mut self, group: &Group) {
        let is_it = |owed: &Owed| owed.share.as_deref() == Some(&*group.share) && owed.message.is(group);
        let Some(place) = self.unacknowledged.iter().position(is_it) else {
            let expired = self.expired_orphans.iter().position(is_it);
            let Some(place) = expired else {
                panic!("{} gives a message once more, or one that it may not give: {group:?}", group.share)
            };
            self.expired_orphans.swap_remove(place);
            return self.move_expired(group);
        };
        let owed = self.unacknowledged.remove(place);
        if group.member.is_some() {
            self.seen.note(Situation::SharedMoved);
            self.give_to_member(&owed.message, group);
        } else {
            self.seen.note(Situation::SharedLost);
            assert_eq!(self.members(&group.share), 0, "{} has members", group.share);
        }
    }

    /// The broker learns only now that the message has expired: the copy for the next member is dropped for it.
    fn move_expired(&mut self, group: &Group) {
        self.account.orphaned += 1;
        match group.member {
            Some(_) => self.account.copies += 1,
            None => self.account.expired -= 1,
        }
    }
}
