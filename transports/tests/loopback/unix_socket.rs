//! The file of a Unix socket: its mode, stale files of killed processes, and files that must not be changed.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use tidegate_transports::{BindError, Endpoint, ListenerConfig, Transport, bind};

use crate::material::scratch_path;
use crate::server::serve;

fn unix_config(path: &std::path::Path) -> ListenerConfig {
    ListenerConfig::new(Endpoint::Unix { path: path.to_owned(), mode: 0o620 })
}

#[tokio::test]
async fn the_socket_file_has_the_configured_mode_and_is_removed_with_the_listener() {
    let limits = serve(Transport::Tcp).limits.clone();
    let path = scratch_path("mode.sock");
    let listener = bind(&unix_config(&path), &limits).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o620);
    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_stale_socket_file_is_replaced() {
    let limits = serve(Transport::Tcp).limits.clone();
    let path = scratch_path("stale.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    bind(&unix_config(&path), &limits).unwrap();
}

#[tokio::test]
async fn a_socket_file_in_use_is_not_replaced() {
    let limits = serve(Transport::Tcp).limits.clone();
    let path = scratch_path("used.sock");
    let _other = UnixListener::bind(&path).unwrap();
    assert!(matches!(bind(&unix_config(&path), &limits), Err(BindError::SocketInUse { .. })));
    assert!(path.exists());
}

#[tokio::test]
async fn a_file_that_is_not_a_socket_is_not_replaced() {
    let limits = serve(Transport::Tcp).limits.clone();
    let path = scratch_path("notes.txt");
    std::fs::write(&path, "keep me").unwrap();
    assert!(matches!(bind(&unix_config(&path), &limits), Err(BindError::NotASocket { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "keep me");
}

#[tokio::test]
async fn the_bind_error_names_an_address_in_use() {
    let server = serve(Transport::Tcp);
    let address = server.address.unwrap();
    let error = bind(&ListenerConfig::new(Endpoint::Tcp { address }), &server.limits).unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on {address}: ")), "{error}");
}
