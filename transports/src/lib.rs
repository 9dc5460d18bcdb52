//! Bytes from anywhere: TCP, TLS, WebSocket, QUIC and Unix sockets as one Link.
