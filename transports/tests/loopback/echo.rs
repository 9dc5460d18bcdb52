//! Every transport echoes a mebibyte unchanged and reports facts about the peer.

use tidegate_transports::Transport;

use crate::server::{ALL_TRANSPORTS, round_trip, serve, with_timeout};

#[tokio::test]
async fn a_mebibyte_is_echoed_unchanged_over_every_transport() {
    let bytes: Vec<u8> = (0..1_048_576_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for transport in ALL_TRANSPORTS {
        let mut server = serve(transport);
        let mut link = server.connect().await;
        assert!(with_timeout(round_trip(&mut link, &bytes)).await == bytes, "{transport}");
        with_timeout(link.close()).await.unwrap();
        let mut rest = [0; 8];
        assert_eq!(with_timeout(link.read(&mut rest)).await.unwrap_or(0), 0, "{transport}");
        assert_eq!(with_timeout(server.link_results.recv()).await.unwrap(), Ok(1_048_576), "{transport}");
    }
}

#[tokio::test]
async fn links_report_transport_address_and_tls_of_the_peer() {
    for transport in ALL_TRANSPORTS {
        let server = serve(transport);
        let link = server.connect().await;
        assert_eq!(link.peer().transport(), transport);
        assert_eq!(link.peer().address(), server.address, "{transport}");
        assert_eq!(link.peer().tls().is_some(), transport.is_secure(), "{transport}");
    }
}

#[tokio::test]
async fn a_dual_stack_listener_accepts_ipv4_and_ipv6() {
    for transport in [Transport::Tcp, Transport::Quic] {
        let mut config = crate::server::config(transport);
        match &mut config.endpoint {
            tidegate_transports::Endpoint::Tcp { address }
            | tidegate_transports::Endpoint::Quic { address, .. } => *address = "[::]:0".parse().unwrap(),
            _ => unreachable!("the loop tests only these two transports"),
        }
        let server = crate::server::serve_with(config, Default::default());
        let port = server.address.unwrap().port();
        let scheme = if transport == Transport::Tcp { "mqtt" } else { "quic" };
        for host in ["127.0.0.1", "[::1]"] {
            let target = format!("{scheme}://{host}:{port}").parse().unwrap();
            let mut tls = crate::material::ECDSA.client_tls();
            tls.server_name = Some("localhost".to_owned());
            let mut link = tidegate_transports::client::connect(&target, &tls).await.unwrap();
            assert_eq!(with_timeout(round_trip(&mut link, b"hello")).await, b"hello", "{scheme} {host}");
        }
    }
}
