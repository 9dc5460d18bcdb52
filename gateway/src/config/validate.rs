//! Checks across the fields of a configuration, after parsing. Reports all faults at once.

use std::collections::HashMap;
use std::time::SystemTime;

use tidegate_limits::units::{Size, Unit};
use tidegate_session::Config as SessionConfig;

use super::{Address, Config, Fault, Listener, Located, Position, Positions, check_certificate};

/// Checks a configuration and the certificates it refers to. Returns warnings.
///
/// # Errors
/// Every fault found.
pub fn validate(config: &Config, positions: &Positions) -> Result<Vec<String>, Vec<Fault>> {
    let mut findings = Findings { strict: config.strict, ..Findings::default() };
    findings.check_listeners(config);
    findings.check_session("session", &config.session, positions);
    for (index, listener) in config.listeners().enumerate().filter(|(_, listener)| listener.session.is_some())
    {
        findings.check_session(
            &format!("listeners[{index}].session"),
            &config.session_of(listener),
            positions,
        );
    }
    if findings.faults.is_empty() { Ok(findings.warnings) } else { Err(findings.faults) }
}

#[derive(Default)]
struct Findings {
    /// Whether a security risk, such as a private key that other users can read, is a fault instead of a warning.
    strict: bool,
    faults: Vec<Fault>,
    warnings: Vec<String>,
}

impl Findings {
    fn check_listeners(&mut self, config: &Config) {
        let Some(listeners) = &config.listeners else { return };
        if listeners.is_empty() {
            self.add_fault(
                Located::position(listeners),
                "the list of listeners is empty, expected at least one listener, or no field `listeners`"
                    .into(),
            );
        }
        for listener in listeners.iter() {
            self.check_address(listener);
            self.check_path(listener);
            self.check_ping_interval(listener);
            self.check_tls(listener);
        }
        self.check_duplicates(listeners);
    }

    fn check_address(&mut self, listener: &Listener) {
        let is_path = matches!(*listener.address, Address::Path(_));
        let is_unix = listener.transport == super::Transport::Unix;
        if is_path != is_unix {
            let expected =
                if is_unix { "a path such as /run/tidegate.sock" } else { "IP:port such as 0.0.0.0:1883" };
            let transport = listener.transport.name();
            let message = format!(
                "`{}` is not an address for transport `{transport}`, expected {expected}",
                *listener.address
            );
            self.add_fault(Located::position(&listener.address), message);
        }
    }

    fn check_path(&mut self, listener: &Listener) {
        let Some(path) = &listener.path else { return };
        if !listener.transport.is_websocket() {
            let transport = listener.transport.name();
            let message = format!(
                "`path` is not allowed for transport `{transport}`, expected it only for `ws` and `wss`"
            );
            self.add_fault(Located::position(path), message);
        } else if !path.starts_with('/') || path.contains(['?', '#', ' ']) {
            self.add_fault(
                Located::position(path),
                format!("`{}` is not an HTTP path, expected a path such as /mqtt", **path),
            );
        }
    }

    fn check_ping_interval(&mut self, listener: &Listener) {
        let Some(interval) = listener.ping_interval.as_ref().filter(|_| !listener.transport.is_websocket())
        else {
            return;
        };
        let transport = listener.transport.name();
        let message = format!(
            "`ping_interval` is not allowed for transport `{transport}`, expected it only for `ws` and `wss`"
        );
        self.add_fault(Located::position(interval), message);
    }

    fn check_tls(&mut self, listener: &Listener) {
        let transport = listener.transport.name();
        match &listener.tls {
            None if listener.transport.is_encrypted() => self.add_fault(
                Located::position(&listener.name),
                format!(
                    "listener `{}` has no field `tls`, expected a certificate and key for transport `{transport}`",
                    *listener.name
                ),
            ),
            Some(files) if !listener.transport.is_encrypted() => {
                let message = format!(
                    "`tls` is not allowed for transport `{transport}`, expected it only for `tls`, `wss` and `quic`"
                );
                self.add_fault(Located::position(files), message);
            }
            Some(files) => self.check_certificate(files),
            None => {}
        }
    }

    fn check_certificate(&mut self, files: &super::TlsFiles) {
        match check_certificate(files, SystemTime::now()) {
            Ok(warning) => self.warnings.extend(warning),
            Err(error) => {
                let place = if error.is_about_key() { &files.key } else { &files.certificate };
                self.add_fault(Located::position(place), error.to_string());
            }
        }
        if let Some(risk) = super::tls::access_risk(&files.key) {
            self.add_risk(Located::position(&files.key), risk);
        }
    }

    fn check_duplicates(&mut self, listeners: &[Located<Listener>]) {
        let mut names: HashMap<&str, Position> = HashMap::new();
        let mut addresses = HashMap::new();
        for listener in listeners {
            let position = Located::position(&listener.name);
            if let Some(first) = names.insert(&listener.name, position) {
                let message = format!(
                    "duplicate listener name `{}`, expected a name other than that in line {}",
                    *listener.name, first.line
                );
                self.add_fault(position, message);
            }
            let position = Located::position(&listener.address);
            let is_udp = listener.transport == super::Transport::Quic;
            if has_port_0(&listener.address) {
                continue;
            }
            if let Some(first) = addresses.insert((&*listener.address, is_udp), position) {
                let message = format!(
                    "duplicate listener address `{}`, expected an address other than that in line {}",
                    *listener.address, first.line
                );
                self.add_fault(position, message);
            }
        }
    }

    /// Checks the limits of sessions that apply with the section at `path`.
    fn check_session(&mut self, path: &str, session: &SessionConfig, positions: &Positions) {
        let (high, max) = (session.pending_bytes_high, session.pending_bytes_max);
        if high <= max {
            return;
        }
        let position = ["pending_bytes_high", "pending_bytes_max"]
            .iter()
            .find_map(|name| positions.get(&format!("{path}.{name}")));
        let bytes = |bytes: usize| Size::<0, { u64::MAX }>::of_setting(&bytes);
        let message = format!(
            "session.pending_bytes_high is {}, expected at most session.pending_bytes_max, which is {}",
            bytes(high),
            bytes(max)
        );
        // The general limits have been checked already, so a listener's fault is in its own section.
        if let Some(position) = position {
            self.add_fault(position, message);
        }
    }

    fn add_risk(&mut self, position: Position, message: String) {
        if self.strict {
            self.add_fault(position, message);
        } else {
            self.warnings.push(message);
        }
    }

    fn add_fault(&mut self, position: Position, message: String) {
        self.faults.push(Fault { position, message });
    }
}

/// Whether the address has port 0, for which the system selects a free port. Addresses with port 0 are never
/// duplicates.
fn has_port_0(address: &Address) -> bool {
    matches!(address, Address::Socket(socket) if socket.port() == 0)
}
