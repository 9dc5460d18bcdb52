//! Opens connections to the broker. Every transport uses a public client library.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint as QuicEndpoint};
use rustls_pki_types::ServerName;
use tidegate_interop::transport::Transport;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::endpoint::MQTT_ALPN;
use super::{Endpoint, Link, Quic, Stream};

impl Link {
    /// Opens a connection without sending any MQTT packet.
    pub(crate) async fn dial(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint.transport {
            Transport::Tcp => endpoint.connect_tcp().await.map(|stream| Self::Stream(Box::new(stream))),
            Transport::Tls => endpoint.connect_tls(MQTT_ALPN).await.map(Self::Stream),
            Transport::Ws | Transport::Wss => {
                Self::dial_offering(endpoint, "mqtt").await.map(|(link, _)| link)
            }
            Transport::Quic => endpoint.connect_quic().await.map(|quic| Self::Quic(Box::new(quic))),
        }
    }

    /// Opens a WebSocket that offers the subprotocols `protocols`. Returns the connection and the subprotocol that the
    /// broker selected. `[MQTT5-6.0.0-4]`
    pub(crate) async fn dial_offering(
        endpoint: &Endpoint,
        protocols: &str,
    ) -> io::Result<(Self, Option<String>)> {
        match endpoint.transport {
            Transport::Ws => {
                endpoint.open_web_socket(Box::new(endpoint.connect_tcp().await?), "ws", protocols).await
            }
            Transport::Wss => {
                endpoint.open_web_socket(endpoint.connect_tls(HTTP_ALPN).await?, "wss", protocols).await
            }
            _ => panic!("only WebSocket has subprotocols"),
        }
    }
}

impl Endpoint {
    async fn connect_tcp(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn connect_tls(&self, protocol: &[u8]) -> io::Result<Box<dyn Stream>> {
        let connector = TlsConnector::from(Arc::new(self.trust.client(protocol)));
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        Ok(Box::new(connector.connect(name, self.connect_tcp().await?).await?))
    }

    async fn open_web_socket(
        &self,
        stream: Box<dyn Stream>,
        scheme: &str,
        protocols: &str,
    ) -> io::Result<(Link, Option<String>)> {
        let url = format!("{scheme}://{}:{}{}", self.host, self.port, self.path);
        let mut request: Request = url.into_client_request().map_err(io::Error::other)?;
        let offer = HeaderValue::from_str(protocols).map_err(io::Error::other)?;
        request.headers_mut().insert("sec-websocket-protocol", offer);
        let (socket, response) =
            tokio_tungstenite::client_async(request, stream).await.map_err(io::Error::other)?;
        let selected = response.headers().get("sec-websocket-protocol");
        let selected = selected.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Ok((Link::WebSocket(Box::new(socket)), selected))
    }

    async fn connect_quic(&self) -> io::Result<Quic> {
        let crypto = QuicClientConfig::try_from(self.trust.client(MQTT_ALPN)).map_err(io::Error::other)?;
        let address = self.resolve_ipv4().await?;
        let socket = QuicEndpoint::client((Ipv4Addr::UNSPECIFIED, 0).into())?;
        let connecting = socket.connect_with(ClientConfig::new(Arc::new(crypto)), address, &self.host);
        let connection = connecting.map_err(io::Error::other)?.await?;
        let (send, receive) = connection.open_bi().await?;
        Ok(Quic { connection, send, receive })
    }

    async fn resolve_ipv4(&self) -> io::Result<SocketAddr> {
        let mut addresses = lookup_host((self.host.as_str(), self.port)).await?;
        addresses.find(SocketAddr::is_ipv4).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The ALPN protocol name that clients offer for WebSocket over TLS.
const HTTP_ALPN: &[u8] = b"http/1.1";
