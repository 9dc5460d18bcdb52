//! The rules of the opening handshake: which HTTP requests become a WebSocket that carries MQTT, and the responses to
//! all other requests. The module performs no I/O.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode, Version};
use thiserror::Error;
use tungstenite::handshake::derive_accept_key;

/// The reason why a request was not upgraded to a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UpgradeRefusal {
    /// The path is wrong. The response is 404.
    #[error("MQTT is not served at this path")]
    Path,
    /// The method is not GET. The response is 405.
    #[error("the method is not GET")]
    Method,
    /// The request is plain HTTP, or HTTP/1.0. The response is 426.
    #[error("the request does not ask for an upgrade to WebSocket")]
    NoUpgrade,
    /// The WebSocket version is not supported. The response is 426 and names the supported version 13.
    #[error("the WebSocket version is not 13")]
    Version,
    /// The key is missing or malformed. The response is 400.
    #[error("Sec-WebSocket-Key is missing or malformed")]
    Key,
    /// The client offers no supported subprotocol. The response is 400.
    #[error("the request offers neither subprotocol mqtt nor mqttv3.1")]
    Subprotocol,
}

impl UpgradeRefusal {
    /// Returns the status of the response.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key | Self::Subprotocol => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the response, after which the connection is closed.
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(format!("{self}\n"))));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        match self {
            Self::Method => insert_static(headers, ALLOW, "GET"),
            Self::NoUpgrade | Self::Version => {
                insert_static(headers, UPGRADE, "websocket");
                insert_static(headers, CONNECTION, "upgrade, close");
                insert_static(headers, SEC_WEBSOCKET_VERSION, "13");
            }
            _ => {}
        }
        response
    }
}

/// Checks a request and returns the response that upgrades its connection.
pub(crate) fn accept<B>(request: &Request<B>, path: &str) -> Result<Response<Full<Bytes>>, UpgradeRefusal> {
    if request.uri().path() != path {
        return Err(UpgradeRefusal::Path);
    }
    if request.method() != Method::GET {
        return Err(UpgradeRefusal::Method);
    }
    let headers = request.headers();
    if !is_upgrade_request(headers) || request.version() < Version::HTTP_11 {
        return Err(UpgradeRefusal::NoUpgrade);
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(UpgradeRefusal::Version);
    }
    let accept_key = accept_key(headers).ok_or(UpgradeRefusal::Key)?;
    let subprotocol = subprotocol(headers).ok_or(UpgradeRefusal::Subprotocol)?;
    Ok(switching_protocols(accept_key, subprotocol))
}

fn switching_protocols(accept_key: HeaderValue, subprotocol: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    insert_static(headers, CONNECTION, "upgrade");
    insert_static(headers, UPGRADE, "websocket");
    insert_static(headers, SEC_WEBSOCKET_PROTOCOL, subprotocol);
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept_key);
    response
}

fn is_upgrade_request(headers: &HeaderMap) -> bool {
    let upgrades = list_items(headers, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"));
    upgrades && list_items(headers, &UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"))
}

/// Computes the accept key. The client's key is 16 bytes in base64: 22 characters and two characters of padding (RFC
/// 6455, 4.2.1).
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let key = headers.get(SEC_WEBSOCKET_KEY)?.as_bytes();
    let digits = key.strip_suffix(b"==")?;
    let is_base64 = digits.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    if digits.len() != 22 || !is_base64 {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key)).ok()
}

/// Selects `mqtt` if the client offers it `[MQTT5-6.0.0-4]`, otherwise the older name `mqttv3.1`. Other offers are
/// ignored.
fn subprotocol(headers: &HeaderMap) -> Option<&'static str> {
    let is_offered = |name: &&str| list_items(headers, &SEC_WEBSOCKET_PROTOCOL).any(|offer| offer == *name);
    SUBPROTOCOLS.into_iter().find(is_offered)
}

/// Returns the items of a list header, which may be split over several lines.
fn list_items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

fn insert_static(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Names of MQTT in `Sec-WebSocket-Protocol`; the preferred name is first. Both names mean a stream of MQTT packets;
/// the protocol version follows in CONNECT.
const SUBPROTOCOLS: [&str; 2] = ["mqtt", "mqttv3.1"];
