"""A client-side codec for MQTT 3.1.1 and 5.0, written from the specification and independent of the broker's codec."""

import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK = range(1, 10)
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14

# Property id -> its struct format, or the name of a variable-length type.
PROPERTIES = {
    0x01: "B", 0x02: "I", 0x03: "text", 0x08: "text", 0x09: "binary", 0x0B: "number", 0x11: "I", 0x12: "text",
    0x13: "H", 0x15: "text", 0x16: "binary", 0x17: "B", 0x18: "I", 0x19: "B", 0x1A: "text", 0x1C: "text",
    0x1F: "text", 0x21: "H", 0x22: "H", 0x23: "H", 0x24: "B", 0x25: "B", 0x26: "pair", 0x27: "I", 0x28: "B",
    0x29: "B", 0x2A: "B",
}  # fmt: skip
SESSION_EXPIRY = 0x11


def number(value):
    """Encodes a variable byte integer."""
    out = bytearray()
    while True:
        value, rest = divmod(value, 128)
        out.append(rest | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("!H", len(data)) + data


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + number(len(body)) + body


def properties(version, **given):
    """Encodes the properties of a packet: nothing before MQTT 5.0. Only the session expiry is supported."""
    if version < 5:
        return b""
    expiry = given.get("session_expiry")
    block = b"" if expiry is None else bytes([SESSION_EXPIRY]) + struct.pack("!I", expiry)
    return number(len(block)) + block


def connect(version, client_id, clean, keep_alive=30, will=None, session_expiry=None):
    flags = 0x02 if clean else 0
    tail = b""
    if will:
        topic, payload, level = will
        flags |= 0x04 | level << 3
        tail = properties(version) + text(topic) + text(payload)
    head = text("MQTT") + bytes([version, flags]) + struct.pack("!H", keep_alive)
    head += properties(version, session_expiry=session_expiry)
    return packet(CONNECT, 0, head + text(client_id) + tail)


def publish(version, topic, payload, level, packet_id=None, retain=False, dup=False):
    flags = level << 1 | (1 if retain else 0) | (8 if dup else 0)
    packet_id = struct.pack("!H", packet_id) if level else b""
    return packet(PUBLISH, flags, text(topic) + packet_id + properties(version) + payload)


def subscribe(version, packet_id, topic, level):
    return packet(SUBSCRIBE, 2, struct.pack("!H", packet_id) + properties(version) + text(topic) + bytes([level]))


def ack(kind, packet_id):
    return packet(kind, 2 if kind == PUBREL else 0, struct.pack("!H", packet_id))


def disconnect():
    return packet(DISCONNECT, 0, b"")


class Reader:
    """Reads the fields of a packet body."""

    def __init__(self, body, version):
        self.body, self.at, self.version = body, 0, version

    def take(self, count):
        piece = self.body[self.at : self.at + count]
        if len(piece) != count:
            raise ValueError("the packet ends too early")
        self.at += count
        return piece

    def fixed(self, form):
        return struct.unpack("!" + form, self.take(struct.calcsize("!" + form)))[0]

    def text(self):
        return self.take(self.fixed("H"))

    def number(self):
        value = shift = 0
        while True:
            byte = self.fixed("B")
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def rest(self):
        return self.take(len(self.body) - self.at)

    def value(self, form):
        if form == "pair":
            return self.text(), self.text()
        if form == "number":
            return self.number()
        return self.text() if form in ("text", "binary") else self.fixed(form)

    def properties(self):
        found = {}
        if self.version < 5 or self.at == len(self.body):
            return found
        length = self.number()
        end = self.at + length
        while self.at < end:
            name = self.number()
            found[name] = self.value(PROPERTIES[name])
        if self.at != end:
            raise ValueError("a property extends beyond the property length")
        return found


def decode(first, body, version):
    """Decodes a packet from the broker into a dictionary."""
    kind, flags, reader = first >> 4, first & 15, Reader(body, version)
    if kind == CONNACK:
        return {"kind": kind, "present": reader.fixed("B") & 1, "reason": reader.fixed("B"), "properties": reader.properties()}
    if kind == PUBLISH:
        return decode_publish(flags, reader)
    if kind == SUBACK:
        return {"kind": kind, "id": reader.fixed("H"), "properties": reader.properties(), "codes": list(reader.rest())}
    if kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
        packet_id = reader.fixed("H")
        reason = reader.fixed("B") if reader.at < len(body) else 0
        return {"kind": kind, "id": packet_id, "reason": reason, "properties": reader.properties()}
    if kind == DISCONNECT:
        reason = reader.fixed("B") if body else 0
        return {"kind": kind, "reason": reason, "properties": reader.properties()}
    if kind == PINGRESP and not body:
        return {"kind": kind}
    raise ValueError(f"a broker must not send packet type {kind}")


def decode_publish(flags, reader):
    level = flags >> 1 & 3
    found = {"kind": PUBLISH, "qos": level, "retain": bool(flags & 1), "dup": bool(flags & 8), "topic": reader.text().decode()}
    found["id"] = reader.fixed("H") if level else None
    found["properties"] = reader.properties()
    found["payload"] = reader.rest()
    return found
