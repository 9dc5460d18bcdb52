//! A relay on a thread of its own, ended when dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tidegate_benches::relay::{Lies, Relay, Security};

pub struct Liar {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    pub fn start(lies: Lies, security: Security<'_>) -> Self {
        let relay = Relay::bind("127.0.0.1:0".parse().unwrap(), security, lies).unwrap();
        let address = relay.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = Some(std::thread::spawn(move || relay.run(&stopping).unwrap()));
        Self { address, stop, thread }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}
