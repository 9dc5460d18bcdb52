//! The URLs that clients use to address a broker.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;
use tidegate_limits::Transport;

use crate::tls::ClientTls;

/// The address of a broker: `mqtt://`, `mqtts://`, `ws://`, `wss://` or `quic://` with `host[:port]`, or
/// `unix:///path`.
///
/// # Examples
///
/// ```
/// use tidegate_transports::Transport;
/// use tidegate_transports::client::{Target, TargetError};
///
/// let target: Target = "wss://broker.example".parse()?;
/// assert_eq!(target.to_string(), "wss://broker.example:443/mqtt");
///
/// let Target::Network(host) = target else { panic!("not a network host") };
/// assert_eq!(host.transport, Transport::SecureWebSocket);
/// assert_eq!(host.port, 443);
/// # Ok::<(), TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A network host.
    Network(Host),
    /// A Unix socket file on this machine.
    Unix(PathBuf),
}

/// A host, and the transport over which it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The transport, never [`Transport::Unix`] or [`Transport::Memory`].
    pub transport: Transport,
    /// A DNS name or an IP address; IPv6 without brackets.
    pub name: String,
    /// The TCP or UDP port.
    pub port: u16,
    /// The HTTP path of a WebSocket, `/mqtt` by default. Empty for other transports.
    pub path: String,
}

/// The reason why a URL is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The text contains no `://`.
    #[error("`{0}` is not a URL such as mqtt://localhost:1883")]
    NoScheme(String),
    /// The scheme is not supported.
    #[error("unknown scheme `{0}`; use mqtt, mqtts, ws, wss, quic or unix")]
    Scheme(String),
    /// The host is missing, or the path after `unix://`.
    #[error("`{0}` has no host or path after `://`")]
    NoHost(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` is not a port number from 1 to 65535")]
    Port(String),
    /// The URL contains a user name or password, which must be given separately.
    #[error("the URL must not contain a user name or password; give them separately")]
    Credentials,
    /// The URL has a path, but only WebSocket URLs may have one.
    #[error("URLs for the transport {0} have no path")]
    Path(Transport),
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| TargetError::NoScheme(text.to_owned()))?;
        if scheme == "unix" {
            return if rest.is_empty() {
                Err(TargetError::NoHost(text.to_owned()))
            } else {
                Ok(Self::Unix(PathBuf::from(rest)))
            };
        }
        let (transport, port) = parse_scheme(scheme)?;
        let (authority, path) = split_path(rest);
        if authority.contains('@') {
            return Err(TargetError::Credentials);
        }
        let (name, given_port) = split_port(authority);
        if name.is_empty() {
            return Err(TargetError::NoHost(text.to_owned()));
        }
        let port = given_port.map_or(Ok(port), parse_port)?;
        Ok(Self::Network(Host { transport, name: name.to_owned(), port, path: parse_path(transport, path)? }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Network(host) => {
                write!(f, "{}://{}{}", scheme_of(host.transport), host.authority(), host.path)
            }
        }
    }
}

impl Host {
    /// Returns `name:port`, with brackets around an IPv6 address.
    pub(super) fn authority(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }

    /// Returns the name that the server's certificate must contain.
    pub(super) fn server_name<'a>(&'a self, tls: &'a ClientTls) -> &'a str {
        tls.server_name.as_deref().unwrap_or(&self.name)
    }
}

fn parse_scheme(scheme: &str) -> Result<(Transport, u16), TargetError> {
    SCHEMES
        .iter()
        .find(|(name, ..)| *name == scheme)
        .map(|(_, transport, port)| (*transport, *port))
        .ok_or_else(|| TargetError::Scheme(scheme.to_owned()))
}

fn scheme_of(transport: Transport) -> &'static str {
    SCHEMES.iter().find(|(_, of, _)| *of == transport).map_or("unix", |(name, ..)| name)
}

/// Splits a URL without its scheme into authority and path. The path begins with a slash.
fn split_path(rest: &str) -> (&str, &str) {
    rest.find('/').and_then(|at| rest.split_at_checked(at)).unwrap_or((rest, ""))
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (name, rest.strip_prefix(':'));
    }
    match authority.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    }
}

fn parse_port(text: &str) -> Result<u16, TargetError> {
    match text.parse() {
        Ok(0) | Err(_) => Err(TargetError::Port(text.to_owned())),
        Ok(port) => Ok(port),
    }
}

fn parse_path(transport: Transport, path: &str) -> Result<String, TargetError> {
    let has_path = matches!(transport, Transport::WebSocket | Transport::SecureWebSocket);
    match path {
        "" | "/" if !has_path => Ok(String::new()),
        _ if !has_path => Err(TargetError::Path(transport)),
        "" => Ok("/mqtt".to_owned()),
        path => Ok(path.to_owned()),
    }
}

/// The supported schemes, each with its transport and default port.
const SCHEMES: [(&str, Transport, u16); 5] = [
    ("mqtt", Transport::Tcp, 1883),
    ("mqtts", Transport::Tls, 8883),
    ("ws", Transport::WebSocket, 80),
    ("wss", Transport::SecureWebSocket, 443),
    ("quic", Transport::Quic, 14567),
];

#[cfg(test)]
mod tests;
