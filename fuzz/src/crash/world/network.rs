//! Network connections between clients and the broker: opening, transferring bytes, breaking.

use super::World;
use crate::crash::link::Link;
use crate::crash::situation::Situation;

impl World {
    /// Opens a connection for a client. A former connection of the client stays open.
    pub(in crate::crash) fn connect(&mut self, client: usize, is_calm: bool) {
        let Self { clients, links, promises, random, seen, trace, .. } = self;
        let who = &mut clients[client];
        if who.link.is_some() {
            seen.note(Situation::TakenOver);
            who.lost(promises, true);
        }
        // Drop former connections whose CONNECT has not arrived: it would take the session over again.
        links.retain(|_, link| !link.is_pending_for(client));
        let bytes = who.connect(promises, random, is_calm);
        self.links_opened += 1;
        who.link = Some(self.links_opened);
        trace.note_packets(&format!("c{client} by link {} sends", self.links_opened), who.version(), &bytes);
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
            let bytes = clients[client].request(promises, random);
            self.send(client, &bytes);
        }
    }

    /// Lets up to `len` bytes arrive at the broker, and polls the connection.
    pub(in crate::crash) fn serve(&mut self, id: usize, len: usize) {
        let Some(mut link) = self.links.remove(&id) else {
            return;
        };
        let (was_ending, was_waiting) = (link.is_ending(), link.is_waiting());
        link.serve(self.core(), len);
        self.seen.note_if(!was_ending && link.is_ending(), Situation::EndedBetweenTurns);
        self.seen.note_if(!was_waiting && link.is_waiting(), Situation::WaitedForPublish);
        let owner = self.clients.iter().position(|client| client.link == Some(id));
        match owner {
            Some(client) if link.is_over() => self.clients[client].lost(&mut self.promises, true),
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
        let is_over = link.is_over();
        let was_open = self.clients[client].is_open;
        let Self { clients, promises, seen, trace, .. } = self;
        let sent = clients[client].read(&bytes, promises, seen, trace);
        self.send(client, &sent);
        if !was_open && self.clients[client].is_open {
            self.request(client, 2);
        }
        if is_over {
            self.clients[client].lost(&mut self.promises, true);
            self.links.remove(&id);
        }
    }

    /// Ends a client's connection: either it is lost, and only a part of the sent bytes arrives, or the client sends
    /// DISCONNECT, and all bytes arrive.
    pub(in crate::crash) fn lose(&mut self, client: usize, in_order: bool) {
        let Some(id) = self.clients[client].link else {
            return;
        };
        let in_order = in_order && self.clients[client].is_open;
        if in_order {
            let bytes = self.clients[client].disconnect();
            self.send(client, &bytes);
        }
        let arrives = if in_order { usize::MAX } else { self.random.below(200) };
        if let Some(link) = self.links.get_mut(&id) {
            link.close(arrives);
        }
        self.trace.note(|| format!("c{client} loses link {id}, in order: {in_order}"));
        self.seen.note_if(!in_order, Situation::WillCaused);
        self.clients[client].lost(&mut self.promises, !in_order);
    }
}
