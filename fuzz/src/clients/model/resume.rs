//! Models the resume of a session: after CONNACK, messages that the client has not completed are sent again.

use tidegate_mqtt::{AckKind, Connect, ReasonCode};

use super::{Model, Situation};

impl Model {
    /// Handles that the broker has sent CONNACK. `[MQTT5-4.4.0-1]`
    pub(super) fn resume(&mut self, client: usize, connect: &Connect) {
        let receive_maximum = connect.receive_maximum.unwrap_or(u16::MAX);
        let released = self.session_mut(client).outbound.open(receive_maximum);
        self.send_waiting(client);
        let is_narrow = !self.session_mut(client).outbound.resends.is_empty();
        self.situations.note_if(is_narrow, Situation::ResumeAboveReceiveMaximum);
        for packet_id in released {
            self.expect_release(client, packet_id, ReasonCode::Success);
        }
    }

    pub(super) fn note_resume(&mut self, client: usize, connect: &Connect) {
        let session = &self.sessions[&client];
        let is_other = session.version.is_v5() != connect.version.is_v5();
        let has_queue = !session.outbound.waiting.is_empty();
        let has_will = session.will.is_some();
        let has_replays = !session.replays.is_empty();
        let open: Vec<_> = session.outbound.open_ids().into_iter().map(|(_, awaits)| awaits).collect();
        let situations = &mut self.situations;
        situations.note(Situation::Resume);
        situations.note_if(is_other, Situation::ResumeOtherVersion);
        situations.note_if(has_queue, Situation::ResumeWithQueue);
        situations.note_if(has_will, Situation::WillCancelled);
        situations.note_if(has_replays, Situation::ResumeWithReplay);
        situations.note_if(open.contains(&AckKind::PubAck), Situation::ResumeWithPublish);
        situations.note_if(open.contains(&AckKind::PubRec), Situation::ResumeWithQoS2Publish);
        situations.note_if(open.contains(&AckKind::PubComp), Situation::ResumeWithRelease);
    }
}
