"""An MQTT client with its own QUIC connection: ALPN `mqtt`, all packets on the first bidirectional stream."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect as connect_quic
from aioquic.quic.configuration import QuicConfiguration

import codec

DEADLINE = 15


class Failure(Exception):
    """The broker did not behave as the scenario requires."""


def check(truth, what):
    if not truth:
        raise Failure(what)


class TestClient:
    @classmethod
    async def connect(cls, options, name, persistent=False, will=None):
        self = cls()
        self.version = options.version
        self.messages, self.acks = asyncio.Queue(), {}
        self.last_id = 0
        self.cleanup = contextlib.AsyncExitStack()
        url = urlsplit(options.url)
        settings = QuicConfiguration(is_client=True, alpn_protocols=["mqtt"], server_name=url.hostname)
        settings.load_verify_locations(options.ca)
        # The host name is used only to verify the certificate; the broker listens on 127.0.0.1.
        connection = connect_quic("127.0.0.1", url.port, configuration=settings)
        self.quic = await self.cleanup.enter_async_context(connection)
        self.reader, self.writer = await self.quic.create_stream()
        expiry = 60 if persistent else None
        self.writer.write(
            codec.connect(self.version, f"{options.prefix}-{name}", not persistent, will=will, session_expiry=expiry)
        )
        connack = await asyncio.wait_for(self.read(), DEADLINE)
        is_accepted = connack["kind"] == codec.CONNACK and connack["reason"] == 0
        check(is_accepted, f"the broker refused the connection: {connack}")
        self.session_present = bool(connack["present"])
        self.task = asyncio.create_task(self.run())
        return self

    async def read(self):
        first = (await self.reader.readexactly(1))[0]
        length = shift = 0
        while True:
            byte = (await self.reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return codec.decode(first, await self.reader.readexactly(length), self.version)

    async def run(self):
        """Receives packets and answers them: PUBLISH with PUBACK or PUBREC, PUBREL with PUBCOMP, PUBREC with PUBREL."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                self.handle(await self.read())

    def handle(self, packet):
        kind = packet["kind"]
        if kind == codec.PUBLISH:
            self.messages.put_nowait(packet)
            answer = {1: codec.PUBACK, 2: codec.PUBREC}.get(packet["qos"])
        else:
            answer = {codec.PUBREL: codec.PUBCOMP, codec.PUBREC: codec.PUBREL}.get(kind)
        if answer:
            self.writer.write(codec.ack(answer, packet["id"]))
        if kind in (codec.PUBACK, codec.PUBCOMP, codec.SUBACK):
            self.acks.pop(packet["id"]).set_result(packet)

    def expect_answer(self):
        """Returns a new packet id and an awaitable for the final answer to it."""
        self.last_id += 1
        self.acks[self.last_id] = asyncio.get_running_loop().create_future()
        return self.last_id, asyncio.wait_for(self.acks[self.last_id], DEADLINE)

    async def subscribe(self, topic, level):
        packet_id, answer = self.expect_answer()
        self.writer.write(codec.subscribe(self.version, packet_id, topic, level))
        codes = (await answer)["codes"]
        check(codes == [level], f"the broker granted {codes} instead of QoS {level}")

    async def publish(self, topic, payload, level, retain=False):
        packet_id, answer = self.expect_answer() if level else (None, None)
        self.writer.write(codec.publish(self.version, topic, payload, level, packet_id, retain))
        if answer:
            reason = (await answer)["reason"]
            check(reason < 0x80, f"a QoS {level} message was refused with reason {reason:#x}")

    async def receive(self, count):
        return [await asyncio.wait_for(self.messages.get(), DEADLINE) for _ in range(count)]

    async def disconnect(self):
        self.writer.write(codec.disconnect())
        self.writer.write_eof()
        await asyncio.wait_for(self.task, DEADLINE)
        await self.cleanup.aclose()

    async def abort(self):
        """Ends the QUIC connection without DISCONNECT."""
        self.task.cancel()
        await self.cleanup.aclose()
