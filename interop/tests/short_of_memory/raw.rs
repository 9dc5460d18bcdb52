//! Encodes and sends the beginning of packets that stay incomplete.

use tokio::io::AsyncWriteExt;
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

/// A CONNECT of MQTT 5.0 up to the client identifier. The identifier and its length field, 11 bytes together, follow.
pub const CONNECT: &[u8] = b"\x10\x16\x00\x04MQTT\x05\x02\x00\x00\x00";
