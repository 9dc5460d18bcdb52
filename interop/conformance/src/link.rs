//! A byte-stream connection to the broker over any transport.

use std::io;

use futures_util::{SinkExt, StreamExt};
use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message};

mod dial;
mod endpoint;

pub(crate) use endpoint::{Endpoint, Trust};

/// A TCP or TLS stream, used directly or under WebSocket.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection to the broker, over any transport.
pub(crate) enum Link {
    Stream(Box<dyn Stream>),
    WebSocket(Box<WebSocketStream<Box<dyn Stream>>>),
    Quic(Box<Quic>),
}

/// A QUIC connection and its first bidirectional stream, which carries MQTT.
pub(crate) struct Quic {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
}

impl Link {
    /// Writes all bytes. Over WebSocket they form one binary frame.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stream(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Self::WebSocket(socket) => {
                socket.send(Message::binary(bytes.to_vec())).await.map_err(io::Error::other)
            }
            Self::Quic(quic) => quic.send.write_all(bytes).await.map_err(io::Error::other),
        }
    }

    /// Writes one WebSocket text frame, which no MQTT client may send. `[MQTT5-6.0.0-1]`
    ///
    /// # Panics
    ///
    /// When the transport is not WebSocket.
    pub(crate) async fn write_text(&mut self, text: &str) -> io::Result<()> {
        let Self::WebSocket(socket) = self else { panic!("only WebSocket has text frames") };
        socket.send(Message::text(text.to_owned())).await.map_err(io::Error::other)
    }

    /// Appends the next bytes from the broker to `into` and returns their number, which is 0 if the broker has closed
    /// the connection. No bytes are lost if the caller drops the future.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => match stream.read_buf(into).await {
                Err(error) if is_end(&error) => Ok(0),
                other => other,
            },
            Self::WebSocket(socket) => read_frames(socket, into).await,
            Self::Quic(quic) => read_chunk(&mut quic.receive, into).await,
        }
    }

    /// Closes the client's side of the connection without DISCONNECT, as a crashed client does. The client can still
    /// receive.
    pub(crate) async fn drop_connection(&mut self) {
        // An error means that the broker has already closed the connection.
        match self {
            Self::Stream(stream) => drop(stream.shutdown().await),
            Self::WebSocket(socket) => drop(socket.get_mut().shutdown().await),
            Self::Quic(quic) => drop(quic.send.finish()),
        }
    }
}

impl Drop for Quic {
    fn drop(&mut self) {
        self.connection.close(0_u32.into(), b"");
    }
}

async fn read_frames(socket: &mut WebSocketStream<Box<dyn Stream>>, into: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        match socket.next().await {
            // The broker sends binary frames only. [MQTT5-6.0.0-1]
            Some(Ok(Message::Text(_))) => panic!("the broker sent a text frame"),
            Some(Ok(Message::Binary(bytes))) if !bytes.is_empty() => {
                into.extend_from_slice(&bytes);
                return Ok(bytes.len());
            }
            Some(Ok(Message::Close(_))) | None => return Ok(0),
            Some(Ok(_)) => {}
            Some(Err(error)) => return if is_closed(&error) { Ok(0) } else { Err(io::Error::other(error)) },
        }
    }
}

async fn read_chunk(receive: &mut RecvStream, into: &mut Vec<u8>) -> io::Result<usize> {
    match receive.read_chunk(CHUNK_LEN_MAX, true).await {
        Ok(Some(chunk)) => {
            into.extend_from_slice(&chunk.bytes);
            Ok(chunk.bytes.len())
        }
        Ok(None) => Ok(0),
        Err(ReadError::ConnectionLost(ConnectionError::ApplicationClosed(_))) => Ok(0),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Returns whether the error means that the broker closed the WebSocket, with or without a closing frame.
fn is_closed(error: &Error) -> bool {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => true,
        Error::Protocol(fault) => *fault == ProtocolError::ResetWithoutClosingHandshake,
        Error::Io(error) => is_end(error),
        _ => false,
    }
}

/// Returns whether the error means that the broker closed the connection.
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

const CHUNK_LEN_MAX: usize = 64 * 1024;
