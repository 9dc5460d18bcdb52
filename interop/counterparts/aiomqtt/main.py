"""Runs one scenario with aiomqtt. Exit code 0: the broker behaved as the scenario requires.

usage: main.py SCENARIO --url mqtt|mqtts|ws|wss://HOST:PORT --version 3|4|5 --prefix TOPIC [--ca FILE]
"""

import argparse
import asyncio
import logging
import os
import ssl
import sys
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

DEADLINE = 15


def client(options, name, persistent=False, will=None):
    url = urlsplit(options.url)
    arguments = {
        "hostname": url.hostname,
        "port": url.port,
        "identifier": f"{options.prefix}-{name}",
        "protocol": aiomqtt.ProtocolVersion(options.version),
        "timeout": DEADLINE,
        "will": will,
    }
    if url.scheme in ("ws", "wss"):
        arguments |= {"transport": "websockets", "websocket_path": "/mqtt"}
    if url.scheme in ("mqtts", "wss"):
        arguments["tls_context"] = ssl.create_default_context(cafile=options.ca)
    if options.version == 5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 60 if persistent else 0
        arguments |= {"clean_start": not persistent, "properties": properties}
    else:
        arguments["clean_session"] = not persistent
    return aiomqtt.Client(**arguments)


async def receive(client, count):
    messages = []
    async with asyncio.timeout(DEADLINE):
        async for message in client.messages:
            messages.append(message)
            if len(messages) == count:
                return messages


async def qos(options):
    async with client(options, "r") as receiver, client(options, "s") as sender:
        for level in (0, 1, 2):
            topic = f"{options.prefix}/qos/{level}"
            await receiver.subscribe(topic, level)
            sent = [b"%d" % n * (n + 1) for n in range(50)]
            await asyncio.gather(*(sender.publish(topic, payload, level) for payload in sent))
            received = await receive(receiver, len(sent))
            payloads = [message.payload for message in received]
            check(payloads == sent, f"QoS {level}: the messages did not arrive once and in order")
            check({message.qos for message in received} == {level}, f"QoS {level}: a message arrived with another QoS")


async def retained(options):
    topic = f"{options.prefix}/retained"
    async with client(options, "s") as sender:
        await sender.publish(topic, b"kept", 1, retain=True)
        async with client(options, "r") as late:
            await late.subscribe(topic, 1)
            (message,) = await receive(late, 1)
            check(message.retain and message.payload == b"kept", "the retained message differs from the published one")
        await sender.publish(topic, b"", 1, retain=True)
        async with client(options, "r") as later:
            await later.subscribe(topic, 1)
            await sender.publish(topic, b"after", 1)
            (message,) = await receive(later, 1)
            check(message.payload == b"after", "a removed retained message was delivered")


async def will(options):
    topic = f"{options.prefix}/will"
    async with client(options, "w") as watcher:
        await watcher.subscribe(topic, 2)
        for level in (0, 1, 2):
            text = b"gone at %d" % level
            await run_client_that_exits(options, level)
            (message,) = await receive(watcher, 1)
            check((message.payload, message.qos) == (text, level), f"unexpected will: {message.payload}")
        async with client(options, "q", will=aiomqtt.Will(topic, b"never", 1)):
            pass
        async with client(options, "s") as sender:
            await sender.publish(topic, b"last", 1)
        (message,) = await receive(watcher, 1)
        check(message.payload == b"last", "the broker published a will after DISCONNECT")


async def run_client_that_exits(options, level):
    """Runs a client with a will as a child process that exits without DISCONNECT."""
    arguments = [word for name, value in vars(options).items() if name != "scenario" and value is not None
                 for word in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, __file__, "exit_without_disconnect", *arguments, "--will-qos", str(level)]
    child = await asyncio.create_subprocess_exec(*command)
    async with asyncio.timeout(DEADLINE):
        check(await child.wait() == 0, "the client with a will did not connect")


async def exit_without_disconnect(options):
    """The scenario that the child process runs: connects with a will and exits."""
    text = b"gone at %d" % options.will_qos
    will = aiomqtt.Will(f"{options.prefix}/will", text, options.will_qos)
    async with client(options, "d", will=will):
        os._exit(0)


async def resume(options):
    topic = f"{options.prefix}/resume"
    async with client(options, "k", persistent=True) as first:
        await first.subscribe(topic, 2)
    sent = [b"%d" % n for n in range(40)]
    async with client(options, "s") as sender:
        for payload in sent:
            await sender.publish(topic, payload, 2)
    async with client(options, "k", persistent=True) as second:
        received = [message.payload for message in await receive(second, len(sent))]
        check(received == sent, f"the messages did not arrive once and in order: {received}")


def check(truth, what):
    if not truth:
        sys.exit(f"aiomqtt: {what}")


SCENARIOS = {
    "qos": qos,
    "retained": retained,
    "will": will,
    "exit_without_disconnect": exit_without_disconnect,
    "resume": resume,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--url", required=True)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--ca")
    parser.add_argument("--will-qos", type=int)
    options = parser.parse_args()
    logging.getLogger("mqtt").setLevel(logging.ERROR)
    try:
        asyncio.run(SCENARIOS[options.scenario](options))
    except TimeoutError:
        raise SystemExit(f"aiomqtt: {options.scenario}: no packet arrived within {DEADLINE} s") from None


if __name__ == "__main__":
    main()
