//! A broker that is restarted on the same store: the session expiry of a session that was connected at a crash counts
//! from the first restart, and not again from every later one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate_mqtt::{Connect, ProtocolVersion};
use tidegate_persistence::{BootId, ClockReading, Clocks, Config};
use tidegate_session::Config as SessionConfig;

use crate::{Broker, BrokerConfig, ConnectStep, CoreCounters, CoreId, LinkFacts, SessionStore, Workspace};

/// One run of a broker on a store.
struct Run {
    broker: Broker,
    workspace: Workspace,
    now: Instant,
}

/// Clocks that stand still while the store is open.
struct TestClocks {
    now: Instant,
    since_boot: Duration,
}

impl Clocks for TestClocks {
    fn read(&self) -> ClockReading {
        ClockReading { now: self.now, since_boot: self.since_boot, wall: Duration::ZERO }
    }

    fn boot_id(&self) -> io::Result<BootId> {
        Ok(BootId([1; BootId::SIZE]))
    }
}

impl Run {
    /// Starts the broker on the store in `folder`, `seconds` after `origin`.
    fn start(folder: &Path, origin: Instant, seconds: u64) -> Self {
        let now = origin + Duration::from_secs(seconds);
        let clocks = Arc::new(TestClocks { now, since_boot: Duration::from_secs(seconds) });
        let config = Config::new(folder);
        let open = |observer| tidegate_persistence::open(&config, clocks, observer);
        let store = SessionStore::open(|| {}, open).unwrap();
        let session = SessionConfig { change_log: true, ..SessionConfig::default() };
        let config = BrokerConfig { session: Arc::new(session), ..BrokerConfig::default() };
        let broker = Broker::new(config, Some(store), now);
        broker.restore().unwrap();
        let mut run = Self { broker, workspace: Workspace::new(Arc::new(CoreCounters::new(1)), 1), now };
        run.broker.schedule_restored(&mut run.workspace.turn(now, 1000));
        run.fire_timers();
        run
    }

    fn fire_timers(&mut self) {
        let timers: Vec<_> = self.workspace.effects.take_timers().collect();
        for timer in timers.into_iter().filter(|timer| timer.at <= self.now) {
            let _ = self.broker.timeout(&mut self.workspace.turn(self.now, 1000), timer);
        }
    }

    fn connect(&mut self, id: &str, session_expiry: u32) {
        let mut connect = Connect::new(ProtocolVersion::V5, id);
        connect.session_expiry = Some(session_expiry);
        let context = Arc::clone(self.broker.tenant().internal_context());
        let step = self.broker.begin_connect(&context.listener).connect(connect, String::new);
        let ConnectStep::Accept(negotiated) = step else { panic!("{id} is not accepted") };
        let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
        let mut turn = self.workspace.turn(self.now, 1000);
        let connected = self.broker.connect(&mut turn, &negotiated, &context, facts);
        assert!(connected.is_ok());
    }

    /// Ends the run like a crash after the last commit: everything appended is committed, but no connection has ended.
    fn crash(self) {
        self.broker.durability().close().unwrap();
    }
}

#[test]
fn a_session_connected_at_a_crash_expires_despite_repeated_restarts() {
    let folder = TempDir::new().unwrap();
    let origin = Instant::now();
    let mut first = Run::start(folder.path(), origin, 0);
    first.connect("a", 6);
    first.crash();
    for seconds in [3, 6] {
        let run = Run::start(folder.path(), origin, seconds);
        assert_eq!(run.broker.registry().len(), 1, "{seconds} s after the crash");
        run.crash();
    }
    // The session counts as disconnected since the first restart, after 3 s.
    let last = Run::start(folder.path(), origin, 10);
    assert!(last.broker.registry().is_empty(), "the session outlived its expiry");
    last.crash();
}
