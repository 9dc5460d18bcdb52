//! Faults of one listener.

use super::report;

#[test]
fn each_wrong_listener_is_reported_with_its_position() {
    for (listener, expected) in WRONG_LISTENERS {
        let text = format!("listeners:\n  - name: one\n    {listener}\n");
        assert_eq!(report(&text), format!("tidegate.yaml:{expected}"), "{text}");
    }
}

const WRONG_LISTENERS: &[(&str, &str)] = &[
    (
        "transport: quic\n    address: 127.0.0.1:1883\n    ping_interval: 20s\n    tls: { certificate: a.pem, key: a.key }",
        "5:20: `ping_interval` is not allowed for transport `quic`, expected it only for `ws` and `wss`\ntidegate.yaml:6:25: a.pem: No such file or directory (os error 2), expected a PEM file with the certificate",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:1883\n    session: { qos_max: 3 }",
        "5:16: invalid value: integer `3`, expected a whole number from 0 to 2",
    ),
    ("transport: tcp", "3:5: missing field `address`"),
    (
        "transport: carrier-pigeon",
        "3:16: unknown variant `carrier-pigeon`, expected one of tcp, tls, ws, wss, quic, unix",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:99999",
        "4:5: invalid value: string \"127.0.0.1:99999\", expected an address such as 0.0.0.0:1883 or [::]:1883, or a path such as /run/tidegate.sock",
    ),
    (
        "transport: tcp\n    address: localhost:1883",
        "4:5: invalid value: string \"localhost:1883\", expected an address such as 0.0.0.0:1883 or [::]:1883, or a path such as /run/tidegate.sock",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1",
        "4:5: invalid value: string \"127.0.0.1\", expected an address such as 0.0.0.0:1883 or [::]:1883, or a path such as /run/tidegate.sock",
    ),
    (
        "transport: tcp\n    address: /run/socket",
        "4:14: `/run/socket` is not an address for transport `tcp`, expected IP:port such as 0.0.0.0:1883",
    ),
    (
        "transport: unix\n    address: 127.0.0.1:1883",
        "4:14: `127.0.0.1:1883` is not an address for transport `unix`, expected a path such as /run/tidegate.sock",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:1883\n    path: /mqtt",
        "5:11: `path` is not allowed for transport `tcp`, expected it only for `ws` and `wss`",
    ),
    (
        "transport: ws\n    address: 127.0.0.1:1883\n    path: mqtt",
        "5:11: `mqtt` is not an HTTP path, expected a path such as /mqtt",
    ),
    (
        "transport: tls\n    address: 127.0.0.1:1883",
        "2:11: listener `one` has no field `tls`, expected a certificate and key for transport `tls`",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:1883\n    tls: { certificate: a, key: b }",
        "5:10: `tls` is not allowed for transport `tcp`, expected it only for `tls`, `wss` and `quic`",
    ),
    (
        "transport: tls\n    address: 127.0.0.1:1883\n    tls: { certificate: a.pem }",
        "5:12: missing field `key`",
    ),
    (
        "transport: tls\n    address: 127.0.0.1:1883\n    tls: { certificate: a.pem, key: a.key }",
        "5:25: a.pem: No such file or directory (os error 2), expected a PEM file with the certificate",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:1883\n    connections_max: 0",
        "5:5: invalid value: integer `0`, expected a whole number from 1 to 100000000",
    ),
    (
        "transport: tcp\n    address: 127.0.0.1:1883\n    connect_timeout: 1ms",
        "5:5: invalid value: string \"1ms\", expected a duration from 100ms to 10m, such as 10s",
    ),
];
