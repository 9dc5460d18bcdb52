"""Runs one scenario with MQTT over QUIC on aioquic. Exit code 0: the broker behaved as the scenario requires.

usage: main.py SCENARIO --url quic://HOST:PORT --version 4|5 --prefix TOPIC --ca FILE
"""

import argparse
import asyncio
import sys

from test_client import DEADLINE, Failure, TestClient, check


async def qos(options):
    receiver, sender = await TestClient.connect(options, "r"), await TestClient.connect(options, "s")
    for level in (0, 1, 2):
        topic = f"{options.prefix}/qos/{level}"
        await receiver.subscribe(topic, level)
        sent = [b"%d" % n * (n + 1) for n in range(50)] + [b"", b"L" * 200_000]
        await asyncio.gather(*(sender.publish(topic, payload, level) for payload in sent))
        received = await receiver.receive(len(sent))
        payloads = [message["payload"] for message in received]
        check(payloads == sent, f"QoS {level}: the messages did not arrive once and in order")
        check({message["qos"] for message in received} == {level}, f"QoS {level}: a message arrived with another QoS")
    await sender.disconnect()
    await receiver.disconnect()


async def retained(options):
    topic = f"{options.prefix}/retained"
    sender = await TestClient.connect(options, "s")
    await sender.publish(topic, b"kept", 1, retain=True)
    late = await TestClient.connect(options, "r")
    await late.subscribe(topic, 1)
    (message,) = await late.receive(1)
    check(message["retain"] and message["payload"] == b"kept", "the retained message differs from the published one")
    await late.disconnect()
    await sender.publish(topic, b"", 1, retain=True)
    later = await TestClient.connect(options, "r")
    await later.subscribe(topic, 1)
    await sender.publish(topic, b"after", 1)
    (message,) = await later.receive(1)
    check(message["payload"] == b"after" and not message["retain"], "a removed retained message was delivered")
    await sender.disconnect()
    await later.disconnect()


async def will(options):
    topic = f"{options.prefix}/will"
    watcher = await TestClient.connect(options, "w")
    await watcher.subscribe(topic, 2)
    for level in (0, 1, 2):
        text = b"gone at %d" % level
        aborted = await TestClient.connect(options, "d", will=(topic, text, level))
        await aborted.abort()
        (message,) = await watcher.receive(1)
        check((message["payload"], message["qos"]) == (text, level), f"unexpected will: {message['payload']}")
    orderly = await TestClient.connect(options, "q", will=(topic, b"never", 1))
    await orderly.disconnect()
    last = await TestClient.connect(options, "d", will=(topic, b"last", 1))
    await last.abort()
    (message,) = await watcher.receive(1)
    check(message["payload"] == b"last", "the broker published a will after DISCONNECT")
    await watcher.disconnect()


async def resume(options):
    topic = f"{options.prefix}/resume"
    first = await TestClient.connect(options, "k", persistent=True)
    check(not first.session_present, "a session was present before the first connection")
    await first.subscribe(topic, 2)
    await first.disconnect()
    sender = await TestClient.connect(options, "s")
    sent = [b"%d" % n for n in range(40)]
    for n, payload in enumerate(sent):
        await sender.publish(topic, payload, 1 + n % 2)
    second = await TestClient.connect(options, "k", persistent=True)
    check(second.session_present, "the session was not resumed")
    received = [message["payload"] for message in await second.receive(len(sent))]
    check(received == sent, f"the messages did not arrive once and in order: {received}")
    await sender.disconnect()
    await second.disconnect()


SCENARIOS = {"qos": qos, "retained": retained, "will": will, "resume": resume}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--ca", required=True)
    options = parser.parse_args()
    try:
        asyncio.run(SCENARIOS[options.scenario](options))
    except Failure as failure:
        sys.exit(f"aioquic: {options.scenario}: {failure}")
    except TimeoutError:
        sys.exit(f"aioquic: {options.scenario}: no packet arrived within {DEADLINE} s")


if __name__ == "__main__":
    main()
