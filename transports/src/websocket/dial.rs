//! The client side of the upgrade from HTTP to a WebSocket.

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use super::{Role, WebSocket, WebSocketConfig};
use crate::link::RawSocket;

/// The reason why the upgrade to a WebSocket failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The server's status is not 101.
    #[error("the server answered {0} instead of opening a WebSocket")]
    Status(StatusCode),
    /// The response does not match the key in the request.
    #[error("the server's Sec-WebSocket-Accept is wrong")]
    AcceptKey,
    /// The server did not select the subprotocol `mqtt`.
    #[error("the server did not select the subprotocol mqtt")]
    Subprotocol,
    /// The request is invalid because of its host or path.
    #[error("invalid host or path: {0}")]
    Request(#[from] hyper::http::Error),
    /// The HTTP exchange failed.
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// Opens a WebSocket at `path` over a connected stream.
pub(crate) async fn dial<S>(io: S, host: &str, path: &str) -> Result<WebSocket<S>, UpgradeError>
where
    S: AsyncRead + AsyncWrite + RawSocket + Unpin + Send + 'static,
{
    let key = generate_key();
    let request = Request::get(path)
        .header(HOST, host)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_PROTOCOL, "mqtt")
        .header(SEC_WEBSOCKET_KEY, &key)
        .body(Empty::<Bytes>::new())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
    let answered = async {
        let response = sender.send_request(request).await?;
        check_response(&response, &key)
    };
    let ended = async { connection.without_shutdown().await.map_err(UpgradeError::Http) };
    let ((), parts) = tokio::try_join!(answered, ended)?;
    let io = parts.io.into_inner();
    Ok(WebSocket::new(io, Role::Client, &parts.read_buf, &WebSocketConfig::default()))
}

fn check_response(response: &Response<Incoming>, key: &str) -> Result<(), UpgradeError> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(UpgradeError::Status(response.status()));
    }
    let accept_key = derive_accept_key(key.as_bytes());
    let headers = response.headers();
    if headers.get(SEC_WEBSOCKET_ACCEPT).is_none_or(|value| *value != accept_key) {
        return Err(UpgradeError::AcceptKey);
    }
    if headers.get(SEC_WEBSOCKET_PROTOCOL).is_none_or(|value| value != "mqtt") {
        return Err(UpgradeError::Subprotocol);
    }
    Ok(())
}
