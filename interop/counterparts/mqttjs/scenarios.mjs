// Scenarios that the broker has to pass with MQTT.js; each throws an error if it does not. They run in Node and on a web page.

import { check, TestClient } from "./test_client.mjs";

const numbers = (count) => Array.from({ length: count }, (_, n) => String(n));
const texts = (messages) => messages.map((message) => message.text);
const same = (one, other) => one.length === other.length && one.every((text, n) => text === other[n]);

async function qos(mqtt, options) {
  const receiver = await TestClient.connect(mqtt, options, "r");
  const sender = await TestClient.connect(mqtt, options, "s");
  for (const level of [0, 1, 2]) {
    const topic = `${options.prefix}/qos/${level}`;
    await receiver.subscribe(topic, level);
    const sent = [...numbers(50), "", "L".repeat(200_000)];
    await Promise.all(sent.map((text) => sender.publish(topic, text, level)));
    const received = await receiver.receive(sent.length);
    check(same(texts(received), sent), `QoS ${level}: the messages did not arrive once and in order`);
    check(received.every((message) => message.qos === level), `QoS ${level}: a message arrived with another QoS`);
  }
  await sender.disconnect();
  await receiver.disconnect();
}

async function retained(mqtt, options) {
  const topic = `${options.prefix}/retained`;
  const sender = await TestClient.connect(mqtt, options, "s");
  await sender.publish(topic, "kept", 1, true);
  const late = await TestClient.connect(mqtt, options, "r");
  await late.subscribe(topic, 1);
  const kept = await late.nextMessage();
  check(kept.retain && kept.text === "kept", "the retained message differs from the published one");
  await late.disconnect();
  await sender.publish(topic, "", 1, true);
  const later = await TestClient.connect(mqtt, options, "r");
  await later.subscribe(topic, 1);
  await sender.publish(topic, "after", 1);
  const after = await later.nextMessage();
  check(after.text === "after" && !after.retain, "a removed retained message was delivered");
  await sender.disconnect();
  await later.disconnect();
}

async function will(mqtt, options) {
  const topic = `${options.prefix}/will`;
  const watcher = await TestClient.connect(mqtt, options, "w");
  await watcher.subscribe(topic, 2);
  const connectWithWill = (payload, level, name = "d") =>
    TestClient.connect(mqtt, options, name, { will: { topic, payload, qos: level, retain: false } });
  for (const level of [0, 1, 2]) {
    (await connectWithWill(`gone at ${level}`, level)).abort();
    const message = await watcher.nextMessage();
    check(message.text === `gone at ${level}` && message.qos === level, `unexpected will: ${message.text}`);
  }
  // A separate client id: with the same one, the next connection could take over before the broker reads DISCONNECT,
  // and the broker would rightly publish the will.
  await (await connectWithWill("never", 1, "q")).disconnect();
  (await connectWithWill("last", 1)).abort();
  check((await watcher.nextMessage()).text === "last", "the broker published a will after DISCONNECT");
  await watcher.disconnect();
}

async function resume(mqtt, options) {
  const topic = `${options.prefix}/resume`;
  const settings = { persistent: true };
  const first = await TestClient.connect(mqtt, options, "k", settings);
  check(!first.sessionPresent, "a session was present before the first connection");
  await first.subscribe(topic, 2);
  await first.disconnect();
  const sender = await TestClient.connect(mqtt, options, "s");
  for (const text of numbers(40)) await sender.publish(topic, text, 2);
  const second = await TestClient.connect(mqtt, options, "k", { ...settings, reconnectPeriod: 50 });
  check(second.sessionPresent || options.version === 3, "the session was not resumed");
  check(same(texts(await second.receive(40)), numbers(40)), "the messages did not arrive once and in order");
  // MQTT.js reconnects by itself; the subscription must still be in force.
  second.abort();
  await second.nextConnack();
  check(second.sessionPresent || options.version === 3, "the reconnection did not resume the session");
  await sender.publish(topic, "back", 2);
  check((await second.nextMessage()).text === "back", "the reconnection lost the subscription");
  await sender.disconnect();
  await second.disconnect();
}

/** Publishes `count` numbered messages: one of several publishers in a test. */
async function publish(mqtt, options) {
  const sender = await TestClient.connect(mqtt, options, "p");
  for (const text of numbers(options.count)) await sender.publish(options.topic, `${options.prefix} ${text}`, options.qos);
  await sender.disconnect();
}

export const scenarios = { qos, retained, will, resume, publish };
