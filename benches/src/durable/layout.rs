//! The topics and client ids of a run. The layout determines which publisher publishes to which topics, and which
//! session subscribes to which topic.

use super::checker::SessionChecker;
use super::{Receivers, Scenario};
use crate::connection::{BlockingConnection, Target};
use crate::error::LoadError;
use crate::wire::build::Session;

/// The topics and sessions of a run.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) run: u32,
    /// The topics of the first publisher, then those of the second, and so on.
    topics: Vec<String>,
}

impl<'a> Layout<'a> {
    pub(super) fn new(scenario: &'a Scenario, run: u32) -> Self {
        let name = |topic: usize| {
            format!("load/{run:08x}/{:04}/{}", topic / scenario.topics, topic % scenario.topics)
        };
        let topics = (0..scenario.publishers * scenario.topics).map(name).collect();
        Self { scenario, run, topics }
    }

    pub(super) fn topics(&self) -> &[String] {
        &self.topics
    }

    pub(super) fn topics_of(&self, publisher: usize) -> &[String] {
        self.topics.chunks(self.scenario.topics).nth(publisher).unwrap_or_default()
    }

    /// Returns the number of persistent sessions.
    pub(super) fn session_count(&self) -> usize {
        match self.scenario.receivers {
            Receivers::Retained => 0,
            Receivers::Online | Receivers::Offline => self.topics.len() * self.scenario.sessions,
        }
    }

    /// Returns the index of the topic to which a session subscribes.
    pub(super) const fn topic_of_session(&self, session: usize) -> usize {
        session / self.scenario.sessions
    }

    pub(super) fn new_checker(&self) -> SessionChecker {
        SessionChecker::new(self.topics.clone(), self.scenario.topics, self.scenario.sessions)
    }

    pub(super) fn publisher_id(&self, publisher: usize) -> String {
        format!("load-{:x}-p{publisher}", self.run)
    }

    pub(super) fn session_id(&self, session: usize) -> String {
        format!("load-{:x}-d{session}", self.run)
    }

    /// Creates a persistent session with its subscription.
    pub(super) fn open_session(
        &self,
        target: &Target,
        session: usize,
    ) -> Result<BlockingConnection, LoadError> {
        let mut connection =
            BlockingConnection::connect_to(target, &self.session_id(session), 0, Session::New)?;
        let filters: Vec<String> =
            self.topics.get(self.topic_of_session(session)).cloned().into_iter().collect();
        connection.subscribe(1, &filters, self.scenario.qos)?;
        Ok(connection)
    }

    /// Removes a session and its queued messages.
    pub(super) fn end_session(&self, target: &Target, session: usize) -> Result<(), LoadError> {
        BlockingConnection::connect(target, &self.session_id(session), 0)?.disconnect()
    }
}
