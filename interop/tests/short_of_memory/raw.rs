//! Encodes and sends the beginning of packets that stay incomplete.

use tidegate_interop::broker::Broker;
use tidegate_interop::transport::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Returns the first bytes of a PUBLISH to the topic `x` at QoS 0 whose Remaining Length is `body`.
pub fn publish_header(body: usize) -> Vec<u8> {
    let mut header = vec![0x30];
    let mut rest = body;
    for last in [false, false, false, true] {
        let more = if last { 0 } else { 0x80 };
        header.push(u8::try_from(rest % 128).expect("seven bits") | more);
        rest /= 128;
    }
    header.extend_from_slice(b"\x00\x01x\x00");
    header
}

/// Sends `start` and then `count` zero bytes.
pub async fn send_zeros(stream: &mut TcpStream, start: &[u8], count: usize) -> std::io::Result<()> {
    stream.write_all(start).await?;
    let zeros = vec![0; 1 << 20];
    let mut remaining = count;
    while remaining > 0 {
        let chunk_len = remaining.min(zeros.len());
        stream.write_all(zeros.get(..chunk_len).unwrap_or_default()).await?;
        remaining -= chunk_len;
    }
    Ok(())
}

/// Connects over WebSocket, and sends one frame with the beginning of a PUBLISH of 200 MiB.
pub async fn send_large_frame(broker: &Broker) {
    let port = broker.port(Transport::Ws);
    let mut stream = TcpStream::connect(("localhost", port)).await.expect("a connection");
    let request = "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Protocol: mqtt\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("an answer"));
    }
    // The masking key is zero, so that masking does not change the payload.
    let connect = [CONNECT, b"\x00\x09large-one"].concat();
    let frame = [b"\x82\x98\x00\x00\x00\x00".as_slice(), &connect].concat();
    stream.write_all(&frame).await.expect("an open connection");
    let header = publish_header(200 << 20);
    let length = 5_u64 + (200 << 20);
    let start = [b"\x82\xff".as_slice(), &length.to_be_bytes(), &[0; 4], &header].concat();
    let sent = send_zeros(&mut stream, &start, (200 << 20) - 4).await;
    // The broker stops reading, so that sending fails, or closes the connection after the last byte.
    assert!(sent.is_err() || stream.read_to_end(&mut Vec::new()).await.is_ok());
}

/// A CONNECT of MQTT 5.0 up to the client identifier. The identifier and its length field, 11 bytes together, follow.
pub const CONNECT: &[u8] = b"\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x00";
