//! A hook that records its calls.

use std::mem;
use std::sync::Mutex;
use std::time::Instant;

use tidegate_broker::{
    Action, Authenticating, ClientContext, ConnectAttempt, End, Hooks, Identity, Phases, Publication,
};
use tidegate_interop::process::EVENT_TIMEOUT;
use tidegate_limits::Refusal;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_session::GrantedOptions;

/// Records each call for a client whose identifier ends with [`WATCHED`]. Forbids topics and filters that begin with
/// `forbidden/`.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn record(&self, client_id: &str, text: String) {
        if !client_id.ends_with(WATCHED) {
            return;
        }
        self.0.lock().expect("no holder panics").push(text);
    }

    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().expect("no holder panics"))
    }

    /// Waits until as many calls are recorded as `expected` contains, and checks that they are the expected ones.
    pub async fn wait_for(&self, expected: &[String]) {
        let deadline = Instant::now() + EVENT_TIMEOUT;
        while self.0.lock().expect("no holder panics").len() < expected.len() && Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.take(), expected);
    }
}

impl Hooks for Recorder {
    fn phases(&self) -> Phases {
        Phases::ALL
    }

    fn connect(&self, attempt: &ConnectAttempt<'_>) -> Result<(), Refusal> {
        assert!(attempt.peer.is_some() && !attempt.listener.name.is_empty());
        self.record(&attempt.negotiated.client_id, format!("connect {}", attempt.negotiated.client_id));
        Ok(())
    }

    fn authenticate<'a>(&'a self, attempt: &'a ConnectAttempt<'a>) -> Authenticating<'a> {
        self.record(&attempt.negotiated.client_id, format!("authenticate {}", attempt.negotiated.client_id));
        Box::pin(std::future::ready(Ok(Identity::default())))
    }

    fn authorise(&self, client: &ClientContext, action: Action<'_>) -> Result<(), Refusal> {
        assert_eq!(client.principal.as_ref().map(|principal| &*principal.name), Some("checked"));
        let (text, topic) = match action {
            Action::Publish(publication) => {
                let kind = if publication.is_will { "will" } else { "publish" };
                (
                    format!("authorise {kind} {} {}", publication.topic, publication.count),
                    publication.topic.to_owned(),
                )
            }
            Action::Subscribe(filter) => (format!("authorise subscribe {filter}"), filter.to_string()),
        };
        self.record(&client.client_id, text);
        if topic.starts_with("forbidden/") { Err(Refusal::NotAuthorized) } else { Ok(()) }
    }

    fn publish(&self, client: &ClientContext, publication: Publication<'_>) {
        self.record(&client.client_id, format!("publish {} {}", publication.topic, publication.count));
    }

    fn deliver(&self, client: &ClientContext, publication: Publication<'_>) -> Result<(), Refusal> {
        self.record(&client.client_id, format!("deliver {} {}", publication.topic, publication.count));
        Ok(())
    }

    fn subscribe(&self, client: &ClientContext, filter: &SubscriptionFilter, _granted: &GrantedOptions) {
        self.record(&client.client_id, format!("subscribe {filter}"));
    }

    fn disconnect(&self, client: &ClientContext, _end: &End) {
        self.record(&client.client_id, "disconnect".to_owned());
    }
}

/// The suffix of the identifiers of clients whose calls are recorded.
pub const WATCHED: &str = "-watched";
