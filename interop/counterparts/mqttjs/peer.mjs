// One MQTT.js client that keeps what it receives. Runs in Node and in a page alike; `mqtt` is handed in.

export const DEADLINE = 15_000;

export function check(truth, what) {
  if (!truth) throw new Error(what);
}

export function deadline(promise, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: nothing came in time`)), DEADLINE);
    const settle = (finish) => (value) => {
      clearTimeout(timer);
      finish(value);
    };
    promise.then(settle(resolve), settle(reject));
  });
}

export class Peer {
  static async open(mqtt, options, name, more = {}) {
    const peer = new Peer();
    const { persistent = false, ...rest } = more;
    const settings = {
      clientId: `${options.prefix}-${name}`,
      protocolVersion: options.version,
      clean: !persistent,
      reconnectPeriod: 0,
      resubscribe: false,
      ...options.tls,
      ...rest,
    };
    if (options.version === 3) settings.protocolId = "MQIsdp";
    if (options.version === 5) settings.properties = { sessionExpiryInterval: persistent ? 60 : 0 };
    peer.begin(mqtt.connect(options.url, settings));
    await peer.connected();
    return peer;
  }

  begin(client) {
    this.client = client;
    this.queue = [];
    this.waiting = [];
    this.connacks = [];
    client.on("connect", (connack) => this.connacks.push(connack));
    client.on("message", (_topic, payload, packet) => {
      const message = { text: payload.toString(), qos: packet.qos, retain: packet.retain, dup: packet.dup };
      const waiter = this.waiting.shift();
      if (waiter) waiter(message);
      else this.queue.push(message);
    });
  }

  /** The next CONNACK, however it comes to be: the first connection or a reconnection. */
  connected() {
    const next = new Promise((resolve, reject) => {
      const ready = () => resolve(this.connacks.shift());
      if (this.connacks.length > 0) ready();
      else this.client.once("connect", ready);
      this.client.once("error", reject);
    });
    return deadline(next, "connect").then((connack) => {
      this.sessionPresent = connack.sessionPresent;
    });
  }

  async subscribe(topic, qos) {
    const [granted] = await deadline(this.client.subscribeAsync(topic, { qos }), "subscribe");
    check(granted.qos === qos, `granted ${granted.qos}, asked for ${qos}`);
  }

  publish(topic, payload, qos, retain = false) {
    return deadline(this.client.publishAsync(topic, payload, { qos, retain }), `publish at QoS ${qos}`);
  }

  next() {
    if (this.queue.length > 0) return Promise.resolve(this.queue.shift());
    return deadline(new Promise((resolve) => this.waiting.push(resolve)), "message");
  }

  async take(count) {
    const messages = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  /** Ends the connection as a dead client does: no DISCONNECT. */
  cut() {
    this.client.stream.destroy();
  }

  close() {
    return deadline(this.client.endAsync(), "end");
  }
}
