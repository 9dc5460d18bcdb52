//! A client that is still sending learns why the broker ends its connection: the reason is not lost in a reset.

#![allow(clippy::expect_used)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tidegate_interop::broker::Broker;
use tidegate_interop::transport::Transport;

/// Another connection takes the session over while the client uploads. The client reads the reason, and can go on sending
/// for a while: a reset would end its upload with an error, on which clients drop what they have not read.
#[test]
fn a_client_that_uploads_receives_the_reason_for_a_takeover_and_no_reset() {
    let broker = Broker::start();
    let publish = [PUBLISH_HEAD, &[b'x'; PAYLOAD_LEN]].concat();
    for _ in 0..ROUNDS {
        let mut uploading = connect(&broker);
        let mut sender = uploading.try_clone().expect("a second descriptor");
        let is_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let upload = scope.spawn(|| {
                let mut sent_after_end = 0;
                while sent_after_end < SENT_AFTER_END {
                    sender.write_all(&publish)?;
                    sent_after_end += usize::from(is_ended.load(Ordering::Relaxed));
                }
                std::io::Result::Ok(())
            });
            let _next = connect(&broker);
            let mut received = Vec::new();
            uploading.read_to_end(&mut received).expect("the end of the connection");
            is_ended.store(true, Ordering::Relaxed);
            assert_eq!(received, [0xe0, 1, SESSION_TAKEN_OVER]);
            upload.join().expect("no panic").expect("the upload continues");
        });
    }
    broker.stop();
}

/// Connects with MQTT 5.0 as the client `c`, and waits for CONNACK.
fn connect(broker: &Broker) -> TcpStream {
    let address = (Ipv4Addr::LOCALHOST, broker.port(Transport::Tcp));
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(READ_TIMEOUT)).expect("a socket option");
    stream.write_all(b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x01c").expect("CONNECT is sent");
    let mut head = [0; 2];
    stream.read_exact(&mut head).expect("CONNACK");
    let [packet_type, len] = head;
    let mut rest = vec![0; usize::from(len)];
    stream.read_exact(&mut rest).expect("CONNACK");
    assert_eq!((packet_type, rest.get(1)), (0x20, Some(&0)), "a CONNACK without an error");
    stream
}

const ROUNDS: usize = 20;
/// Number of messages that the client sends after the end: 2 MiB.
const SENT_AFTER_END: usize = 128;
const READ_TIMEOUT: Duration = Duration::from_secs(20);
const SESSION_TAKEN_OVER: u8 = 0x8e;
/// The header of a QoS 0 PUBLISH to the topic `t` with a payload of [`PAYLOAD_LEN`] bytes.
const PUBLISH_HEAD: &[u8] = b"\x30\x84\x80\x01\x00\x01t\x00";
/// Number of bytes of the payload: the remaining length is 16,388 bytes, of which 4 are not payload.
const PAYLOAD_LEN: usize = 16_384;
