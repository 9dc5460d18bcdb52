// An MQTT.js client that stores the messages it receives. It runs in Node and on a web page; the caller passes the module `mqtt`.

export const DEADLINE = 15_000;

export function check(truth, what) {
  if (!truth) throw new Error(what);
}

export function deadline(promise, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`timed out waiting for ${what}`)), DEADLINE);
    const settle = (finish) => (value) => {
      clearTimeout(timer);
      finish(value);
    };
    promise.then(settle(resolve), settle(reject));
  });
}

export class TestClient {
  static async connect(mqtt, options, name, extraSettings = {}) {
    const client = new TestClient();
    const { persistent = false, ...rest } = extraSettings;
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
    client.listen(mqtt.connect(options.url, settings));
    await client.nextConnack();
    return client;
  }

  listen(client) {
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

  /** Waits for the next CONNACK, of the first connection or of a reconnection. */
  nextConnack() {
    const next = new Promise((resolve, reject) => {
      const ready = () => resolve(this.connacks.shift());
      if (this.connacks.length > 0) ready();
      else this.client.once("connect", ready);
      this.client.once("error", reject);
    });
    return deadline(next, "CONNACK").then((connack) => {
      this.sessionPresent = connack.sessionPresent;
    });
  }

  async subscribe(topic, qos) {
    const [granted] = await deadline(this.client.subscribeAsync(topic, { qos }), "SUBACK");
    check(granted.qos === qos, `the broker granted QoS ${granted.qos} instead of ${qos}`);
  }

  publish(topic, payload, qos, retain = false) {
    const acknowledged = this.client.publishAsync(topic, payload, { qos, retain });
    return deadline(acknowledged, `the acknowledgement of a QoS ${qos} message`);
  }

  nextMessage() {
    if (this.queue.length > 0) return Promise.resolve(this.queue.shift());
    return deadline(new Promise((resolve) => this.waiting.push(resolve)), "a message");
  }

  async receive(count) {
    const messages = [];
    while (messages.length < count) messages.push(await this.nextMessage());
    return messages;
  }

  /** Closes the connection without DISCONNECT. */
  abort() {
    this.client.stream.destroy();
  }

  disconnect() {
    return deadline(this.client.endAsync(), "the end of the connection");
  }
}
