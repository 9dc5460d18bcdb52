//! The options that accepted sockets inherit.

use super::listen;

#[test]
fn accepted_sockets_inherit_no_delay_and_keep_alive() {
    let (socket, address) = listen("127.0.0.1:0".parse().unwrap(), 16).unwrap();
    socket.set_nonblocking(false).unwrap();
    let _client = std::net::TcpStream::connect(address).unwrap();
    let (accepted, _) = socket.accept().unwrap();
    assert!(accepted.tcp_nodelay().unwrap());
    assert!(accepted.keepalive().unwrap());
}
