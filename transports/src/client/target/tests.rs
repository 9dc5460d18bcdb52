//! Valid and invalid URLs of brokers.

use tidegate_limits::Transport;

use super::{Target, TargetError};

#[test]
fn valid_urls_are_parsed_and_displayed() {
    for (url, whole) in [
        ("mqtt://localhost", "mqtt://localhost:1883"),
        ("mqtts://broker.example.org:9000/", "mqtts://broker.example.org:9000"),
        ("ws://localhost", "ws://localhost:80/mqtt"),
        ("wss://10.0.0.1:8443/path?query=a/b", "wss://10.0.0.1:8443/path?query=a/b"),
        ("ws://[::1]/", "ws://[::1]:80/"),
        ("quic://[2001:db8::1]", "quic://[2001:db8::1]:14567"),
        ("unix:///run/tidegate.sock", "unix:///run/tidegate.sock"),
    ] {
        let target: Target = url.parse().unwrap();
        assert_eq!(target.to_string(), whole);
        assert_eq!(whole.parse::<Target>().unwrap(), target);
    }
}

#[test]
fn each_invalid_url_has_its_own_error() {
    let fault = |url: &str| url.parse::<Target>().unwrap_err();
    assert_eq!(fault("localhost:1883"), TargetError::NoScheme("localhost:1883".to_owned()));
    assert_eq!(fault("http://localhost"), TargetError::Scheme("http".to_owned()));
    assert_eq!(fault("mqtt://"), TargetError::NoHost("mqtt://".to_owned()));
    assert_eq!(fault("mqtt://:1883"), TargetError::NoHost("mqtt://:1883".to_owned()));
    assert_eq!(fault("unix://"), TargetError::NoHost("unix://".to_owned()));
    for port in ["0", "65536", "http", ""] {
        assert_eq!(fault(&format!("mqtt://a:{port}")), TargetError::Port(port.to_owned()));
    }
    assert_eq!(fault("mqtt://user:secret@host"), TargetError::Credentials);
    assert_eq!(fault("mqtt://host/path"), TargetError::Path(Transport::Tcp));
}
