"""MQTT over QUIC from aioquic against a broker: one scenario a run. Exit code 0 when the broker did what it asks.

usage: main.py SCENARIO --url quic://HOST:PORT --version 4|5 --prefix TOPIC --ca FILE
"""

import argparse
import asyncio
import sys

from peer import DEADLINE, Failure, Peer, check


async def qos(options):
    receiver, sender = await Peer.open(options, "r"), await Peer.open(options, "s")
    for level in (0, 1, 2):
        topic = f"{options.prefix}/qos/{level}"
        await receiver.subscribe(topic, level)
        sent = [b"%d" % n * (n + 1) for n in range(50)] + [b"", b"L" * 200_000]
        await asyncio.gather(*(sender.publish(topic, payload, level) for payload in sent))
        came = await receiver.take(len(sent))
        check([message["payload"] for message in came] == sent, f"QoS {level}: not all, once, in order")
        check({message["qos"] for message in came} == {level}, f"QoS {level}: came at another level")
    await sender.close()
    await receiver.close()


async def retained(options):
    topic = f"{options.prefix}/retained"
    sender = await Peer.open(options, "s")
    await sender.publish(topic, b"kept", 1, retain=True)
    late = await Peer.open(options, "r")
    await late.subscribe(topic, 1)
    (message,) = await late.take(1)
    check(message["retain"] and message["payload"] == b"kept", "the retained message is not what was kept")
    await late.close()
    await sender.publish(topic, b"", 1, retain=True)
    later = await Peer.open(options, "r")
    await later.subscribe(topic, 1)
    await sender.publish(topic, b"after", 1)
    (message,) = await later.take(1)
    check(message["payload"] == b"after" and not message["retain"], "a removed retained message came")
    await sender.close()
    await later.close()


async def will(options):
    topic = f"{options.prefix}/will"
    watcher = await Peer.open(options, "w")
    await watcher.subscribe(topic, 2)
    for level in (0, 1, 2):
        text = b"gone at %d" % level
        dying = await Peer.open(options, "d", will=(topic, text, level))
        await dying.cut()
        (message,) = await watcher.take(1)
        check((message["payload"], message["qos"]) == (text, level), f"another will: {message['payload']}")
    quiet = await Peer.open(options, "q", will=(topic, b"never", 1))
    await quiet.close()
    last = await Peer.open(options, "d", will=(topic, b"last", 1))
    await last.cut()
    (message,) = await watcher.take(1)
    check(message["payload"] == b"last", "a will was sent after DISCONNECT")
    await watcher.close()


async def resume(options):
    topic = f"{options.prefix}/resume"
    first = await Peer.open(options, "k", persistent=True)
    check(not first.present, "a session was there before the first connection")
    await first.subscribe(topic, 2)
    await first.close()
    sender = await Peer.open(options, "s")
    sent = [b"%d" % n for n in range(40)]
    for n, payload in enumerate(sent):
        await sender.publish(topic, payload, 1 + n % 2)
    second = await Peer.open(options, "k", persistent=True)
    check(second.present, "the session was not resumed")
    came = [message["payload"] for message in await second.take(len(sent))]
    check(came == sent, f"not all, once, in order: {came}")
    await sender.close()
    await second.close()


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
        sys.exit(f"aioquic: {options.scenario}: nothing came within {DEADLINE} s")


if __name__ == "__main__":
    main()
