//! Hooks in a broker that runs in this process: an asynchronous check authenticates clients and chooses their tenants,
//! and a hook on every phase sees each action of a client once, over every transport.

#![allow(clippy::expect_used, clippy::panic)]

use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{self, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate_broker::{
    Action, Authenticating, ClientContext, ConnectAttempt, End, Hooks, Identity, Phases, Principal,
    Publication,
};
use tidegate_client::{Client, ClientError, Options, State};
use tidegate_gateway::config::load;
use tidegate_gateway::serve::{self, ServeError};
use tidegate_interop::certificate::Certificate;
use tidegate_interop::config::Config;
use tidegate_interop::tidegate_client::{message, receive_payloads, subscribe};
use tidegate_interop::transport::Transport;
use tidegate_limits::Refusal;
use tidegate_mqtt::topic::{Name, SubscriptionFilter};
use tidegate_mqtt::{ProtocolVersion, QoS, ReasonCode, SubscriptionOptions, UserProperties, Will};
use tidegate_session::GrantedOptions;

/// The only test in this file, because it stops the broker with a signal to its own process.
#[tokio::test]
async fn hooks_authenticate_choose_the_tenant_and_see_each_action_once() {
    let recorder = Arc::new(Recorder::default());
    let broker = EmbeddedBroker::start(vec![Arc::new(AskThread), recorder.clone()]);
    for transport in Transport::ALL {
        a_wrong_password_is_refused(&broker, transport).await;
        tenants_are_separate(&broker, transport).await;
        every_phase_sees_each_action_once(&broker, transport, &recorder).await;
    }
    forbidden_actions_are_refused(&broker).await;
    broker.stop().expect("the broker ran and stopped without an error");
}

async fn a_wrong_password_is_refused(broker: &EmbeddedBroker, transport: Transport) {
    for version in [ProtocolVersion::V5, ProtocolVersion::V3_1_1] {
        let options = broker.options(transport, version, "intruder", Some("wrong"));
        match Client::connect(&options, State::default()).await {
            Err(ClientError::Refused(connack)) => {
                assert_eq!(connack.reason, ReasonCode::BadUserNameOrPassword)
            }
            other => panic!("{transport:?}: expected a refusal, got {:?}", other.map(|_| "a connection")),
        }
    }
}

/// Two clients with the same identifier, in different tenants, publish to the same topic. Each gets only its own message.
async fn tenants_are_separate(broker: &EmbeddedBroker, transport: Transport) {
    let mut clients = Vec::new();
    for user in ["green", "blue"] {
        let mut client = broker.connect(transport, "twin", user).await;
        subscribe(&mut client, "news", 1).await;
        clients.push((user, client));
    }
    for (user, client) in &mut clients {
        client.publish(message("news", user, 1)).await.expect("an open connection");
        assert_eq!(receive_payloads(client, 1).await, [*user]);
        client.finish_exchanges().await.expect("PUBACK");
    }
    for (_, client) in clients {
        let _ = client.disconnect(ReasonCode::Success).await.expect("DISCONNECT is sent");
    }
}

async fn every_phase_sees_each_action_once(
    broker: &EmbeddedBroker,
    transport: Transport,
    recorder: &Recorder,
) {
    let id = format!("{}{WATCHED}", transport.name());
    let mut options = broker.options(transport, ProtocolVersion::V5, &id, Some("secret"));
    options.connect.will =
        Some(Will::new(Name::parse("wills").expect("a topic"), "gone".to_owned(), QoS::AtMostOnce));
    let mut client = Client::connect(&options, State::default()).await.expect("CONNACK");
    subscribe(&mut client, "own/#", 2).await;
    for qos in [0, 1, 2] {
        client.publish(message("own/topic", "text", qos)).await.expect("an open connection");
        assert_eq!(receive_payloads(&mut client, 1).await, ["text"]);
        client.finish_exchanges().await.expect("all acknowledgements");
    }
    drop(client);
    let mut expected = vec![
        format!("connect {id}"),
        format!("authenticate {id}"),
        "authorise subscribe own/#".to_owned(),
        "subscribe own/#".to_owned(),
    ];
    for _ in 0..3 {
        expected.extend(
            ["authorise publish own/topic 1", "publish own/topic 1", "deliver own/topic 1"]
                .map(str::to_owned),
        );
    }
    expected.push("disconnect".to_owned());
    expected.extend(["authorise will wills 1", "publish wills 1"].map(str::to_owned));
    recorder.wait_for(&expected).await;
}

async fn forbidden_actions_are_refused(broker: &EmbeddedBroker) {
    let mut client = broker.connect(Transport::Tcp, "limited", "secret").await;
    let filter = SubscriptionFilter::parse("forbidden/#").expect("a filter");
    let entry = (filter, SubscriptionOptions::default());
    let suback = client.subscribe([entry], None, UserProperties::new()).await.expect("SUBACK");
    assert_eq!(suback.reasons, [ReasonCode::NotAuthorized]);
    let id = client.publish(message("forbidden/topic", "text", 1)).await.expect("an open connection");
    let done = client.acknowledged(id.expect("an identifier")).await.expect("PUBACK");
    assert_eq!(done.reason, ReasonCode::NotAuthorized);
}

/// Authenticates clients by their password, which is also the name of their tenant, on another thread.
struct AskThread;

impl Hooks for AskThread {
    fn phases(&self) -> Phases {
        Phases::AUTHENTICATE
    }

    fn authenticate<'a>(&'a self, attempt: &'a ConnectAttempt<'a>) -> Authenticating<'a> {
        let password = attempt.negotiated.password.clone().unwrap_or_default();
        let (sender, answer) = tokio::sync::oneshot::channel();
        thread::spawn(move || {
            let password = String::from_utf8_lossy(&password).into_owned();
            let identity = (password != "wrong").then(|| Identity {
                principal: Some(Box::new(Principal { name: "checked".into() })),
                tenant: Some(password.into()),
            });
            let _ = sender.send(identity.ok_or(Refusal::BadCredentials));
        });
        Box::pin(async { answer.await.unwrap_or(Err(Refusal::Unavailable)) })
    }
}

/// Records every call, and forbids topics and filters that begin with `forbidden/`.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn record(&self, client_id: &str, text: String) {
        if !client_id.ends_with(WATCHED) {
            return;
        }
        self.0.lock().expect("no holder panics").push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no holder panics"))
    }

    /// Waits until all of `expected` was recorded, and checks that nothing else was.
    async fn wait_for(&self, expected: &[String]) {
        let deadline = Instant::now() + DEADLINE;
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

/// A broker with a listener for every transport, on a thread of this process.
struct EmbeddedBroker {
    config: Config,
    certificate: Certificate,
    thread: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
}

impl EmbeddedBroker {
    fn start(hooks: Vec<Arc<dyn Hooks>>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Certificate::create(folder.path());
        let config = Config::every_transport().with("drain_timeout: 1s\n");
        let file = folder.path().join("tidegate.yaml");
        std::fs::write(&file, config.yaml(&certificate)).expect("a configuration file");
        let loaded = load(&file).expect("a valid configuration");
        let data: PathBuf = folder.path().join("data");
        std::fs::create_dir(&data).expect("a data folder");
        let thread = thread::spawn(move || serve::run(&loaded.config, &data, hooks));
        let deadline = Instant::now() + DEADLINE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, config.port(Transport::Wss))).is_err() {
            assert!(Instant::now() < deadline, "the broker does not listen");
        }
        Self { config, certificate, thread, _folder: folder }
    }

    fn options(
        &self,
        transport: Transport,
        version: ProtocolVersion,
        id: &str,
        password: Option<&str>,
    ) -> Options {
        let url = transport.url(self.config.port(transport)).parse().expect("a URL");
        let mut options = Options::new(url, version, id);
        options.tls.ca_files.push(self.certificate.authority.clone());
        options.connect.user_name = Some("user".to_owned());
        options.connect.password = password.map(|password| password.to_owned().into());
        options
    }

    async fn connect(&self, transport: Transport, id: &str, password: &str) -> Client {
        let options = self.options(transport, ProtocolVersion::V5, id, Some(password));
        Client::connect(&options, State::default()).await.expect("CONNACK")
    }

    /// Stops the broker with SIGTERM.
    fn stop(self) -> Result<(), ServeError> {
        let sent = Command::new("kill").args(["-TERM", &process::id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM cannot be sent");
        self.thread.join().expect("the broker does not panic")
    }
}

/// The end of the identifiers of clients whose actions are recorded.
const WATCHED: &str = "-watched";
const DEADLINE: Duration = Duration::from_secs(10);
