//! Recognises the protocol of a peer that does not send CONNECT, so that the log can say which setting would help.

/// The protocol that the first bytes of a connection belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstPacket {
    /// The PROXY protocol, version 1 or 2, of a load balancer.
    Proxy,
    /// An HTTP request.
    Http,
    /// A TLS handshake.
    Tls,
    /// SSH.
    Ssh,
    /// CONNECT with a protocol name or level that does not exist.
    UnknownVersion,
    /// None of these.
    Unknown,
}

impl FirstPacket {
    /// Recognises the protocol by the first bytes that the peer sent.
    #[must_use]
    pub fn recognise(bytes: &[u8]) -> Self {
        let begins_with = |starts: &[&[u8]]| starts.iter().any(|start| bytes.starts_with(start));
        match bytes {
            _ if begins_with(&[b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"]) => Self::Proxy,
            _ if begins_with(&HTTP_METHODS) => Self::Http,
            [0x16, 0x03, ..] => Self::Tls,
            _ if begins_with(&[b"SSH-"]) => Self::Ssh,
            [0x10, ..] => Self::UnknownVersion,
            _ => Self::Unknown,
        }
    }

    /// Says what the peer sent and what would help.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Proxy => {
                Some("this is a PROXY protocol header: turn it off in the load balancer for this listener")
            }
            Self::Http => {
                Some("this is an HTTP request: WebSocket clients need a listener with transport ws or wss")
            }
            Self::Tls => {
                Some("this is a TLS handshake: TLS clients need a listener with transport tls or wss")
            }
            Self::Ssh => Some("this is SSH: check the port number of the client"),
            Self::UnknownVersion => {
                Some("this CONNECT is not valid in MQTT 3.1, 3.1.1 or 5.0: check the client's MQTT version")
            }
            Self::Unknown => None,
        }
    }
}

const HTTP_METHODS: [&[u8]; 6] = [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"CONNECT "];

#[cfg(test)]
mod tests {
    use super::FirstPacket;

    #[test]
    fn first_bytes_of_other_protocols_are_recognised() {
        let cases: [(&[u8], FirstPacket); 8] = [
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", FirstPacket::Proxy),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", FirstPacket::Proxy),
            (b"GET / HTTP/1.1\r\n", FirstPacket::Http),
            (b"\x16\x03\x01\x02\0", FirstPacket::Tls),
            (b"SSH-2.0-OpenSSH\r\n", FirstPacket::Ssh),
            (b"\x10\x0c\0\x04MQTT\x09", FirstPacket::UnknownVersion),
            (b"\0\0", FirstPacket::Unknown),
            (b"", FirstPacket::Unknown),
        ];
        for (bytes, expected) in cases {
            assert_eq!(FirstPacket::recognise(bytes), expected, "{bytes:?}");
        }
    }
}
