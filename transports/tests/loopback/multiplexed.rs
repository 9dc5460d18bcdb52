//! A listener yields several links from one socket. QUIC streams stand for every multiplexed transport.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream};
use tidegate_limits::{Config as LimitsConfig, Connections, Handshakes};
use tidegate_transports::{
    Endpoint, Established, FurtherLinks, Limits, Link, Listener, NetworkConnection, Transport, bind,
};
use tokio::task::JoinSet;

use crate::server::{config, echo, eventually, with_timeout};
use crate::silent_clients::quic_client;

/// A QUIC connection between a listener that allows several streams and a client that has opened one.
struct Multiplexed {
    listener: Listener,
    link: Link,
    further: FurtherLinks,
    client: Connection,
    stream: (SendStream, RecvStream),
}

async fn connect(streams_max: u32) -> Multiplexed {
    let mut config = config(Transport::Quic);
    if let Endpoint::Quic { config, .. } = &mut config.endpoint {
        config.streams_max = streams_max;
    }
    let one_connection = LimitsConfig { connections_max: 1, ..LimitsConfig::default() };
    let limits = Limits {
        handshakes: Handshakes::new(&one_connection),
        connections: Connections::new(&one_connection),
    };
    let listener = bind(&config, &limits).unwrap();
    let address = listener.local_address().socket_addr().unwrap();
    let endpoint = quic_client();
    let accepts = async { listener.accept().await.unwrap().establish().await.unwrap() };
    let opens = async {
        let client = endpoint.connect(address, "localhost").unwrap().await.unwrap();
        let stream = open(&client, b"0").await;
        (client, stream)
    };
    let (established, (client, stream)) = with_timeout(async { tokio::join!(accepts, opens) }).await;
    let Established { link, further } = established;
    Multiplexed { listener, link, further: further.unwrap(), client, stream }
}

async fn open(client: &Connection, bytes: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, receive) = with_timeout(client.open_bi()).await.unwrap();
    send.write_all(bytes).await.unwrap();
    (send, receive)
}

async fn read(link: &mut Link) -> Vec<u8> {
    let mut buf = [0; 64];
    let len = with_timeout(link.read(&mut buf)).await.unwrap();
    buf[..len].to_vec()
}

/// Every link echoes, all links share one network connection, and the limit of one connection is not exceeded.
#[tokio::test]
async fn one_socket_yields_a_hundred_links() {
    let Multiplexed { listener, link, mut further, client, stream } = connect(100).await;
    let open = Arc::new(AtomicUsize::new(1));
    let (counter, connection) = (Arc::clone(&open), Arc::clone(link.connection()));
    let accepting = tokio::spawn(async move {
        let mut links = JoinSet::from_iter([echo(link)]);
        while let Some(link) = further.next().await {
            assert!(Arc::ptr_eq(link.connection(), &connection));
            assert_eq!(link.peer().transport(), Transport::Quic);
            counter.fetch_add(1, Ordering::Relaxed);
            links.spawn(echo(link));
        }
        links.join_all().await
    });
    let mut streams = vec![stream];
    for number in 1..100 {
        streams.push(self::open(&client, number.to_string().as_bytes()).await);
    }
    let mut echoed = HashSet::new();
    for (send, receive) in streams.iter_mut().skip(1) {
        send.finish().unwrap();
        echoed.insert(String::from_utf8(with_timeout(receive.read_to_end(64)).await.unwrap()).unwrap());
    }
    assert_eq!(echoed, (1..100).map(|number| number.to_string()).collect());
    assert_eq!((open.load(Ordering::Relaxed), listener.connections().open()), (100, 1));

    let (control, answer) = &mut streams[0];
    control.finish().unwrap();
    assert_eq!(with_timeout(answer.read_to_end(64)).await.unwrap(), b"0");
    let results = with_timeout(accepting).await.unwrap();
    assert_eq!(results.into_iter().map(Result::unwrap).sum::<u64>(), 1 + 9 + 90 * 2);
    eventually("the connection is counted no longer", || listener.connections().open() == 0).await;
}

#[tokio::test]
async fn a_client_at_the_limit_of_streams_waits_until_one_has_ended() {
    let Multiplexed { mut link, mut further, client, stream: (mut control, _answer), .. } = connect(2).await;
    assert_eq!(read(&mut link).await, b"0");
    let (mut send, mut receive) = open(&client, b"1").await;
    let mut second = with_timeout(further.next()).await.unwrap();
    {
        let opens = client.open_bi();
        tokio::pin!(opens);
        let is_waiting =
            std::future::poll_fn(|cx| std::task::Poll::Ready(opens.as_mut().poll(cx).is_pending()));
        assert!(is_waiting.await);
    }
    send.finish().unwrap();
    assert_eq!(read(&mut second).await, b"1");
    assert_eq!(read(&mut second).await, b"");
    with_timeout(second.close()).await.unwrap();
    assert_eq!(with_timeout(receive.read_to_end(8)).await.unwrap(), b"");
    let _third_stream = open(&client, b"2").await;
    // When these bytes arrive, the third stream has arrived too.
    control.write_all(b"after").await.unwrap();
    assert_eq!(read(&mut link).await, b"after");

    // Both sides have ended the second stream, but its link still exists.
    {
        let next = further.next();
        tokio::pin!(next);
        let is_waiting =
            std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx).is_pending()));
        assert!(is_waiting.await);
    }
    drop(second);
    assert_eq!(read(&mut with_timeout(further.next()).await.unwrap()).await, b"2");
}

#[tokio::test]
async fn a_further_link_that_is_dropped_resets_only_its_stream() {
    let Multiplexed { mut link, mut further, client, stream: (mut send, _receive), .. } = connect(3).await;
    let (_second_send, mut second_receive) = open(&client, b"1").await;
    drop(with_timeout(further.next()).await.unwrap());
    match with_timeout(second_receive.read(&mut [0; 8])).await {
        Err(ReadError::Reset(code)) => assert_eq!(code, 1_u32.into()),
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&mut link).await, b"0");
    send.write_all(b"still here").await.unwrap();
    assert_eq!(read(&mut link).await, b"still here");
}

#[tokio::test]
async fn all_links_end_with_the_first_link() {
    for orderly in [true, false] {
        let Multiplexed { listener, mut link, mut further, client, stream: (_send, mut receive), .. } =
            connect(3).await;
        let _second_stream = open(&client, b"1").await;
        let mut second = with_timeout(further.next()).await.unwrap();
        assert_eq!(read(&mut second).await, b"1");
        if orderly {
            let (closed, rest) =
                with_timeout(async { tokio::join!(link.close(), receive.read_to_end(8)) }).await;
            closed.unwrap();
            assert_eq!(rest.unwrap(), b"");
        }
        drop(link);
        match with_timeout(client.closed()).await {
            ConnectionError::ApplicationClosed(close) => assert_eq!(close.error_code, 0_u32.into()),
            other => panic!("{other}"),
        }
        assert!(with_timeout(further.next()).await.is_none());
        with_timeout(second.read(&mut [0; 8])).await.unwrap_err();
        let connection: Arc<NetworkConnection> = Arc::clone(second.connection());
        drop((second, further));
        assert_eq!(listener.connections().open(), 1, "a handle counts the connection");
        drop(connection);
        assert_eq!(listener.connections().open(), 0);
    }
}
