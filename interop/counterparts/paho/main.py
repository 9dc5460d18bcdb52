"""paho-mqtt against a broker: one scenario a run. Exit code 0 when the broker did what the scenario asks.

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


class Peer:
    """One client: connects, and keeps what it receives."""

    def __init__(self, options, client_id, persistent=False, will=None):
        url = urlsplit(options.url)
        self.version = options.version
        self.persistent = persistent
        self.received = queue.Queue()
        self.connected = queue.Queue()
        self.subscribed = queue.Queue()
        self.gone = threading.Event()
        self.client = self.build(url, client_id)
        if url.scheme in ("mqtts", "wss"):
            self.client.tls_set(ca_certs=options.ca)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda _c, _u, flags, reason, _p: self.connected.put((flags, reason))
        self.client.on_message = lambda _c, _u, message: self.received.put(message)
        self.client.on_subscribe = lambda _c, _u, _id, reasons, _p: self.subscribed.put(reasons)
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.open(url)

    def build(self, url, client_id):
        transport = "websockets" if url.scheme in ("ws", "wss") else "tcp"
        clean = {} if self.version == 5 else {"clean_session": not self.persistent}
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id, protocol=self.version, transport=transport, **clean
        )
        if transport == "websockets":
            client.ws_set_options(path="/mqtt")
        return client

    def open(self, url):
        fresh = {}
        if self.version == 5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 60 if self.persistent else 0
            fresh = {"clean_start": not self.persistent, "properties": properties}
        self.client.connect(url.hostname, url.port, keepalive=30, **fresh)
        self.client.loop_start()
        flags, reason = self.connected.get(timeout=DEADLINE)
        check(not reason.is_failure, f"refused: {reason}")
        self.session_present = flags.session_present

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        reasons = self.subscribed.get(timeout=DEADLINE)
        check(reasons[0].value == qos, f"granted {reasons}, asked for {qos}")

    def publish(self, topic, payload, qos, retain=False):
        sent = self.client.publish(topic, payload, qos, retain)
        sent.wait_for_publish(DEADLINE)
        check(sent.is_published(), f"publish at QoS {qos} was not acknowledged")

    def next(self):
        return self.received.get(timeout=DEADLINE)

    def close(self):
        self.client.disconnect()
        check(self.gone.wait(DEADLINE), "the connection did not end")
        self.client.loop_stop()

    def cut(self):
        """Ends the connection as a dead client does: no DISCONNECT."""
        self.client.loop_stop()
        self.client.socket().close()


def check(truth, what):
    if not truth:
        sys.exit(f"paho: {what}")


def qos(options):
    for level in (0, 1, 2):
        topic = f"{options.prefix}/qos/{level}"
        receiver, sender = Peer(options, f"{options.prefix}-r"), Peer(options, f"{options.prefix}-s")
        receiver.subscribe(topic, level)
        for payload in PAYLOADS:
            sender.publish(topic, payload, level)
        for payload in PAYLOADS:
            message = receiver.next()
            check(message.payload == payload, f"QoS {level}: another payload, {message.payload[:20]}")
            check(message.qos == level and not message.retain, f"QoS {level}: came as {message.qos}")
        sender.close()
        receiver.close()


def retained(options):
    topic = f"{options.prefix}/retained"
    sender = Peer(options, f"{options.prefix}-s")
    sender.publish(topic, b"kept", 1, retain=True)
    late = Peer(options, f"{options.prefix}-r")
    late.subscribe(topic, 1)
    message = late.next()
    check(message.retain and message.payload == b"kept", "the retained message is not what was kept")
    late.close()
    sender.publish(topic, b"", 1, retain=True)
    later = Peer(options, f"{options.prefix}-r")
    later.subscribe(topic, 1)
    sender.publish(topic, b"after", 1)
    message = later.next()
    check(message.payload == b"after" and not message.retain, "a removed retained message came")
    sender.close()
    later.close()


def will(options):
    topic = f"{options.prefix}/will"
    watcher = Peer(options, f"{options.prefix}-w")
    watcher.subscribe(topic, 2)
    for level in (0, 1, 2):
        text = b"gone at %d" % level
        Peer(options, f"{options.prefix}-d", will=(topic, text, level)).cut()
        message = watcher.next()
        check((message.payload, message.qos) == (text, level), f"another will: {message.payload}")
    quiet = Peer(options, f"{options.prefix}-q", will=(topic, b"never", 1))
    quiet.close()
    Peer(options, f"{options.prefix}-d", will=(topic, b"last", 1)).cut()
    check(watcher.next().payload == b"last", "a will was sent after DISCONNECT")
    watcher.close()


def resume(options):
    topic = f"{options.prefix}/resume"
    name = f"{options.prefix}-k"
    first = Peer(options, name, persistent=True)
    check(not first.session_present, "a session was there before the first connection")
    first.subscribe(topic, 2)
    first.close()
    sender = Peer(options, f"{options.prefix}-s")
    for n in range(40):
        sender.publish(topic, b"%d" % n, 1 + n % 2)
    second = Peer(options, name, persistent=True)
    check(second.session_present or options.version == 3, "the session was not resumed")
    came = [int(second.next().payload) for _ in range(40)]
    # A QoS 2 message reaches the application when it is released, so each level has an order of its own.
    for level in (0, 1):
        check([n for n in came if n % 2 == level] == list(range(level, 40, 2)), f"not all, once, in order: {came}")
    sender.close()
    second.close()


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
        raise SystemExit(f"paho: {options.scenario}: nothing came within {DEADLINE} s") from None


if __name__ == "__main__":
    main()
