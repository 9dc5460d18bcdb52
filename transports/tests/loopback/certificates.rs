//! The certificate of a listener is replaced while the listener runs.

use tidegate_transports::client;

use crate::material::{ECDSA, RSA};
use crate::server::{ALL_TRANSPORTS, round_trip, serve, with_timeout};

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_open_connections_continue() {
    for transport in ALL_TRANSPORTS.into_iter().filter(|transport| transport.is_secure()) {
        let server = serve(transport);
        let mut open = server.connect().await;
        server.listener.certificate().unwrap().replace(&RSA.server).unwrap();
        with_timeout(client::connect(&server.target(), &ECDSA.client_tls()))
            .await
            .expect_err("the previous certificate");
        let mut new = with_timeout(client::connect(&server.target(), &RSA.client_tls())).await.unwrap();
        for link in [&mut open, &mut new] {
            assert_eq!(with_timeout(round_trip(link, b"hello")).await, b"hello", "{transport}");
        }
    }
}

#[tokio::test]
async fn a_certificate_replaced_before_the_first_connection_is_used() {
    for transport in ALL_TRANSPORTS.into_iter().filter(|transport| transport.is_secure()) {
        let server = serve(transport);
        // Nothing has been awaited yet, so the task that accepts has not run and the QUIC endpoint is not open yet.
        server.listener.certificate().unwrap().replace(&RSA.server).unwrap();
        let mut link = with_timeout(client::connect(&server.target(), &RSA.client_tls())).await.unwrap();
        assert_eq!(with_timeout(round_trip(&mut link, b"hello")).await, b"hello", "{transport}");
    }
}

#[tokio::test]
async fn listeners_without_encryption_have_no_certificate() {
    for transport in ALL_TRANSPORTS.into_iter().filter(|transport| !transport.is_secure()) {
        assert!(serve(transport).listener.certificate().is_none(), "{transport}");
    }
}
