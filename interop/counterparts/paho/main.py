"""Runs one scenario with paho-mqtt. Exit code 0: the broker behaved as the scenario requires.

usage: main.py SCENARIO --url mqtt|mqtts|ws|wss://HOST:PORT --version 3|4|5 --prefix TOPIC [--ca FILE]
"""

import argparse
import queue
import sys
import threading
from urllib.parse import urlsplit

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

DEADLINE = 15
PAYLOADS = [b"", b"x", b"m" * 100, b"k" * 5000, b"L" * 200_000] + [b"%d" % n for n in range(20)]


class TestClient:
    """A connected client that stores the messages it receives."""

    def __init__(self, options, client_id, persistent=False, will=None):
        url = urlsplit(options.url)
        self.version = options.version
        self.persistent = persistent
        self.received = queue.Queue()
        self.connected = queue.Queue()
        self.subscribed = queue.Queue()
        self.disconnected = threading.Event()
        self.client = self.build(url, client_id)
        if url.scheme in ("mqtts", "wss"):
            self.client.tls_set(ca_certs=options.ca)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda _c, _u, flags, reason, _p: self.connected.put((flags, reason))
        self.client.on_message = lambda _c, _u, message: self.received.put(message)
        self.client.on_subscribe = lambda _c, _u, _id, reasons, _p: self.subscribed.put(reasons)
        self.client.on_disconnect = lambda *_: self.disconnected.set()
        self.connect(url)

    def build(self, url, client_id):
        transport = "websockets" if url.scheme in ("ws", "wss") else "tcp"
        clean_session_options = {} if self.version == 5 else {"clean_session": not self.persistent}
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id,
            protocol=self.version,
            transport=transport,
            **clean_session_options,
        )
        if transport == "websockets":
            client.ws_set_options(path="/mqtt")
        return client

    def connect(self, url):
        clean_start_options = {}
        if self.version == 5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 60 if self.persistent else 0
            clean_start_options = {"clean_start": not self.persistent, "properties": properties}
        self.client.connect(url.hostname, url.port, keepalive=30, **clean_start_options)
        self.client.loop_start()
        flags, reason = self.connected.get(timeout=DEADLINE)
        check(not reason.is_failure, f"the broker refused the connection: {reason}")
        self.session_present = flags.session_present

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        reasons = self.subscribed.get(timeout=DEADLINE)
        check(reasons[0].value == qos, f"the broker granted {reasons} instead of QoS {qos}")

    def publish(self, topic, payload, qos, retain=False):
        sent = self.client.publish(topic, payload, qos, retain)
        sent.wait_for_publish(DEADLINE)
        check(sent.is_published(), f"a QoS {qos} message was not acknowledged")

    def next_message(self):
        return self.received.get(timeout=DEADLINE)

    def disconnect(self):
        self.client.disconnect()
        check(self.disconnected.wait(DEADLINE), "the connection did not end")
        self.client.loop_stop()

    def abort(self):
        """Closes the connection without DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


def check(truth, what):
    if not truth:
        sys.exit(f"paho: {what}")


def qos(options):
    for level in (0, 1, 2):
        topic = f"{options.prefix}/qos/{level}"
        receiver, sender = TestClient(options, f"{options.prefix}-r"), TestClient(options, f"{options.prefix}-s")
        receiver.subscribe(topic, level)
        for payload in PAYLOADS:
            sender.publish(topic, payload, level)
        for payload in PAYLOADS:
            message = receiver.next_message()
            check(message.payload == payload, f"QoS {level}: unexpected payload {message.payload[:20]}")
            check(message.qos == level and not message.retain, f"QoS {level}: arrived with QoS {message.qos} or RETAIN")
        sender.disconnect()
        receiver.disconnect()


def retained(options):
    topic = f"{options.prefix}/retained"
    sender = TestClient(options, f"{options.prefix}-s")
    sender.publish(topic, b"kept", 1, retain=True)
    late = TestClient(options, f"{options.prefix}-r")
    late.subscribe(topic, 1)
    message = late.next_message()
    check(message.retain and message.payload == b"kept", "the retained message differs from the published one")
    late.disconnect()
    sender.publish(topic, b"", 1, retain=True)
    later = TestClient(options, f"{options.prefix}-r")
    later.subscribe(topic, 1)
    sender.publish(topic, b"after", 1)
    message = later.next_message()
    check(message.payload == b"after" and not message.retain, "a removed retained message was delivered")
    sender.disconnect()
    later.disconnect()


def will(options):
    topic = f"{options.prefix}/will"
    watcher = TestClient(options, f"{options.prefix}-w")
    watcher.subscribe(topic, 2)
    for level in (0, 1, 2):
        text = b"gone at %d" % level
        TestClient(options, f"{options.prefix}-d", will=(topic, text, level)).abort()
        message = watcher.next_message()
        check((message.payload, message.qos) == (text, level), f"unexpected will: {message.payload}")
    orderly = TestClient(options, f"{options.prefix}-q", will=(topic, b"never", 1))
    orderly.disconnect()
    TestClient(options, f"{options.prefix}-d", will=(topic, b"last", 1)).abort()
    check(watcher.next_message().payload == b"last", "the broker published a will after DISCONNECT")
    watcher.disconnect()


def resume(options):
    topic = f"{options.prefix}/resume"
    name = f"{options.prefix}-k"
    first = TestClient(options, name, persistent=True)
    check(not first.session_present, "a session was present before the first connection")
    first.subscribe(topic, 2)
    first.disconnect()
    sender = TestClient(options, f"{options.prefix}-s")
    for n in range(40):
        sender.publish(topic, b"%d" % n, 1 + n % 2)
    second = TestClient(options, name, persistent=True)
    check(second.session_present or options.version == 3, "the session was not resumed")
    received = [int(second.next_message().payload) for _ in range(40)]
    # paho delivers a QoS 2 message only after PUBREL, so the order holds only within each QoS.
    for level in (0, 1):
        numbers = [n for n in received if n % 2 == level]
        check(numbers == list(range(level, 40, 2)), f"the messages did not arrive once and in order: {received}")
    sender.disconnect()
    second.disconnect()


SCENARIOS = {"qos": qos, "retained": retained, "will": will, "resume": resume}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--ca")
    options = parser.parse_args()
    try:
        SCENARIOS[options.scenario](options)
    except queue.Empty:
        raise SystemExit(f"paho: {options.scenario}: no packet arrived within {DEADLINE} s") from None


if __name__ == "__main__":
    main()
