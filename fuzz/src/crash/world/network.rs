//! Opens and breaks network connections between clients and the broker, and transfers bytes.

use super::World;
use crate::crash::link::Link;
use crate::crash::situation::Situation;

impl World {
    /// Opens a connection for a client. A former connection of the client stays open.
    pub(in crate::crash) fn connect(&mut self, client: usize, must_keep_session: bool) {
        let Self { clients, links, promises, random, situations, trace, .. } = self;
        let connecting_client = &mut clients[client];
        if connecting_client.link.is_some() {
            situations.note(Situation::TakenOver);
            connecting_client.connection_lost(promises, true);
        }
        // A former connection whose CONNECT has not arrived is removed, because that CONNECT would later take the
        // session over from the new connection.
        links.retain(|_, link| !link.is_pending_for(client));
        let bytes = connecting_client.connect(promises, random, must_keep_session);
        self.links_opened += 1;
        connecting_client.link = Some(self.links_opened);
        trace.note_packets(
            &format!("c{client} by link {} sends", self.links_opened),
            connecting_client.version(),
            &bytes,
        );
        let link = Link::open(client, self.core.as_ref().expect("the broker runs"), bytes);
        self.links.insert(self.links_opened, link);
    }

    /// Sends bytes from a client to the broker.
    pub(in crate::crash) fn send(&mut self, client: usize, bytes: &[u8]) {
        let link = self.clients[client].link.and_then(|link| self.links.get_mut(&link));
        if let Some(link) = link {
            let version = self.clients[client].version();
            self.trace.note_packets(&format!("c{client} sends"), version, bytes);
            link.send(bytes);
        }
    }

    /// Sends a few SUBSCRIBE or UNSUBSCRIBE packets from a client.
    pub(in crate::crash) fn request(&mut self, client: usize, count: usize) {
        for _ in 0..count {
            let Self { clients, promises, random, .. } = self;
            let bytes = clients[client].choose_request(promises, random);
            self.send(client, &bytes);
        }
    }

    /// Delivers up to `len` bytes to the broker and polls the connection.
    pub(in crate::crash) fn serve(&mut self, id: usize, len: usize) {
        let Some(mut link) = self.links.remove(&id) else {
            return;
        };
        let (was_ending, was_waiting) = (link.is_ending(), link.is_waiting());
        link.serve(self.core(), len);
        self.situations.note_if(!was_ending && link.is_ending(), Situation::EndedBetweenTurns);
        self.situations.note_if(!was_waiting && link.is_waiting(), Situation::WaitedForPublish);
        let owner = self.clients.iter().position(|client| client.link == Some(id));
        match owner {
            Some(client) if link.is_fully_closed() => {
                self.clients[client].connection_lost(&mut self.promises, true)
            }
            None if link.is_ended() => {}
            _ => {
                self.links.insert(id, link);
            }
        }
    }

    /// Lets a client read up to `len` bytes.
    pub(in crate::crash) fn read(&mut self, client: usize, len: usize) {
        let Some(id) = self.clients[client].link else {
            return;
        };
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let bytes = link.read(len);
        let is_fully_closed = link.is_fully_closed();
        let was_open = self.clients[client].is_open;
        let Self { clients, promises, situations, trace, .. } = self;
        let sent = clients[client].read(&bytes, promises, situations, trace);
        self.send(client, &sent);
        if !was_open && self.clients[client].is_open {
            self.request(client, 2);
        }
        if is_fully_closed {
            self.clients[client].connection_lost(&mut self.promises, true);
            self.links.remove(&id);
        }
    }

    /// Ends a client's connection. If `with_disconnect`, the client sends DISCONNECT, and all bytes arrive. Otherwise
    /// the network connection breaks, and only a part of the sent bytes arrives.
    pub(in crate::crash) fn end_connection(&mut self, client: usize, with_disconnect: bool) {
        let Some(id) = self.clients[client].link else {
            return;
        };
        let with_disconnect = with_disconnect && self.clients[client].is_open;
        if with_disconnect {
            let bytes = self.clients[client].disconnect();
            self.send(client, &bytes);
        }
        let arrives = if with_disconnect { usize::MAX } else { self.random.below(200) };
        if let Some(link) = self.links.get_mut(&id) {
            link.close(arrives);
        }
        self.trace.note(|| format!("c{client} ends link {id}, with DISCONNECT: {with_disconnect}"));
        self.situations.note_if(!with_disconnect, Situation::WillTriggered);
        self.clients[client].connection_lost(&mut self.promises, !with_disconnect);
    }
}
