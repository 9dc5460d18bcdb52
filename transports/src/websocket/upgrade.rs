//! The server side of the upgrade: hyper serves HTTP/1.1 until the response is sent, then the upgrade takes back the
//! raw stream.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::sync::OnceLock;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::handshake::{self, UpgradeRefusal};
use super::{Role, WebSocket, WebSocketConfig};
use crate::link::{RawSocket, drain};
use crate::listener::EstablishError;

/// Answers an HTTP request and returns the WebSocket. Refusing a request ends the connection.
pub(crate) async fn upgrade<S>(io: S, config: &WebSocketConfig) -> Result<WebSocket<S>, EstablishError>
where
    S: AsyncRead + AsyncWrite + RawSocket + Unpin + Send + 'static,
{
    let service = Upgrader { path: config.path.clone(), verdict: OnceLock::new() };
    let connection = http1::Builder::new()
        .max_buf_size(REQUEST_SIZE_MAX)
        .max_headers(HEADERS_MAX)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(io), service);
    let parts = connection.without_shutdown().await.map_err(http_error)?;
    let mut io = parts.io.into_inner();
    match parts.service.verdict.get() {
        Some(Ok(())) => Ok(WebSocket::new(io, Role::Server, &parts.read_buf, config)),
        Some(Err(refusal)) => {
            io.shutdown().await?;
            drain(&io.socket());
            Err(EstablishError::Upgrade(*refusal))
        }
        None => Err(EstablishError::Closed),
    }
}

/// Answers requests by the rules in `handshake`, and stores the result for the first request.
struct Upgrader {
    path: String,
    verdict: OnceLock<Result<(), UpgradeRefusal>>,
}

impl Service<Request<Incoming>> for Upgrader {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = handshake::accept(&request, &self.path);
        self.verdict.get_or_init(|| answer.as_ref().map(drop).map_err(|refusal| *refusal));
        ready(Ok(answer.unwrap_or_else(UpgradeRefusal::response)))
    }
}

fn http_error(error: hyper::Error) -> EstablishError {
    if error.is_incomplete_message() || error.is_closed() {
        return EstablishError::Closed;
    }
    EstablishError::Io(io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Maximum size of a request head in bytes. A longer request head is answered with 431. The cookies that browsers send
/// in it have a few KiB. The buffer is allocated only during the handshake.
const REQUEST_SIZE_MAX: usize = 16 * 1024;
/// Maximum number of header lines of a request. A request with more is answered with 431. Browsers and proxies send
/// about 20.
const HEADERS_MAX: usize = 64;
