//! A connection accepted on one runtime is established as a link on another, and stays there.

use std::thread;

use tidegate_transports::{Incoming, Link, bind};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use crate::material::ECDSA;
use crate::server::{ALL_TRANSPORTS, config, round_trip, serve, with_timeout};

#[test]
fn a_link_can_run_on_another_thread_than_its_listener() {
    let (hand_over, mut handed_over) = mpsc::unbounded_channel::<Incoming>();
    let owner = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            while let Some(incoming) = handed_over.recv().await {
                echo_once(incoming.establish().await.unwrap().link).await;
            }
        });
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for transport in ALL_TRANSPORTS {
            let server = serve(transport);
            let listener = bind(&config(transport), &server.limits).unwrap();
            let here = server.listener.local_address().to_string();
            let target = server.url.replace(&here, &listener.local_address().to_string()).parse().unwrap();
            let hand_over = hand_over.clone();
            let accepting = tokio::spawn(async move {
                while let Ok(incoming) = listener.accept().await {
                    hand_over.send(incoming).unwrap();
                }
            });
            let mut link = tidegate_transports::client::connect(&target, &ECDSA.client_tls()).await.unwrap();
            let bytes = vec![3; 100_000];
            assert!(with_timeout(round_trip(&mut link, &bytes)).await == bytes, "{transport}");
            with_timeout(link.close()).await.unwrap();
            assert_eq!(with_timeout(link.read(&mut [0; 8])).await.unwrap_or(0), 0, "{transport}");
            accepting.abort();
        }
    });
    drop((runtime, hand_over));
    owner.join().unwrap();
}

async fn echo_once(mut link: Link) {
    let mut buf = vec![0; 16_384];
    loop {
        match link.read(&mut buf).await.unwrap() {
            0 => break,
            read => link.write_all(&buf[..read]).await.unwrap(),
        }
    }
    link.close().await.unwrap();
}
