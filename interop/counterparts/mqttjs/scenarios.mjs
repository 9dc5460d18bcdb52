// What a broker has to do for MQTT.js: each scenario throws when it does not. Runs in Node and in a page alike.

import { check, Peer } from "./peer.mjs";

const numbers = (count) => Array.from({ length: count }, (_, n) => String(n));
const texts = (messages) => messages.map((message) => message.text);
const same = (one, other) => one.length === other.length && one.every((text, n) => text === other[n]);

async function qos(mqtt, options) {
  const receiver = await Peer.open(mqtt, options, "r");
  const sender = await Peer.open(mqtt, options, "s");
  for (const level of [0, 1, 2]) {
    const topic = `${options.prefix}/qos/${level}`;
    await receiver.subscribe(topic, level);
    const sent = [...numbers(50), "", "L".repeat(200_000)];
    await Promise.all(sent.map((text) => sender.publish(topic, text, level)));
    const came = await receiver.take(sent.length);
    check(same(texts(came), sent), `QoS ${level}: not all, once, in order`);
    check(came.every((message) => message.qos === level), `QoS ${level}: came at another level`);
  }
  await sender.close();
  await receiver.close();
}

async function retained(mqtt, options) {
  const topic = `${options.prefix}/retained`;
  const sender = await Peer.open(mqtt, options, "s");
  await sender.publish(topic, "kept", 1, true);
  const late = await Peer.open(mqtt, options, "r");
  await late.subscribe(topic, 1);
  const kept = await late.next();
  check(kept.retain && kept.text === "kept", "the retained message is not what was kept");
  await late.close();
  await sender.publish(topic, "", 1, true);
  const later = await Peer.open(mqtt, options, "r");
  await later.subscribe(topic, 1);
  await sender.publish(topic, "after", 1);
  const after = await later.next();
  check(after.text === "after" && !after.retain, "a removed retained message came");
  await sender.close();
  await later.close();
}

async function will(mqtt, options) {
  const topic = `${options.prefix}/will`;
  const watcher = await Peer.open(mqtt, options, "w");
  await watcher.subscribe(topic, 2);
  const dying = (payload, level, name = "d") =>
    Peer.open(mqtt, options, name, { will: { topic, payload, qos: level, retain: false } });
  for (const level of [0, 1, 2]) {
    (await dying(`gone at ${level}`, level)).cut();
    const message = await watcher.next();
    check(message.text === `gone at ${level}` && message.qos === level, `another will: ${message.text}`);
  }
  // Under a name of its own: a takeover that comes before the DISCONNECT is read would rightly send the will.
  await (await dying("never", 1, "q")).close();
  (await dying("last", 1)).cut();
  check((await watcher.next()).text === "last", "a will was sent after DISCONNECT");
  await watcher.close();
}

async function resume(mqtt, options) {
  const topic = `${options.prefix}/resume`;
  const keep = { persistent: true };
  const first = await Peer.open(mqtt, options, "k", keep);
  check(!first.sessionPresent, "a session was there before the first connection");
  await first.subscribe(topic, 2);
  await first.close();
  const sender = await Peer.open(mqtt, options, "s");
  for (const text of numbers(40)) await sender.publish(topic, text, 2);
  const second = await Peer.open(mqtt, options, "k", { ...keep, reconnectPeriod: 50 });
  check(second.sessionPresent || options.version === 3, "the session was not resumed");
  check(same(texts(await second.take(40)), numbers(40)), "not all, once, in order");
  // The client's own reconnection, with the subscription still in force.
  second.cut();
  await second.connected();
  check(second.sessionPresent || options.version === 3, "the session was not resumed by the reconnection");
  await sender.publish(topic, "back", 2);
  check((await second.next()).text === "back", "the subscription was lost in the reconnection");
  await sender.close();
  await second.close();
}

/** Publishes `count` numbered messages and ends: one publisher of a scenario with others. */
async function publish(mqtt, options) {
  const sender = await Peer.open(mqtt, options, "p");
  for (const text of numbers(options.count)) await sender.publish(options.topic, `${options.prefix} ${text}`, options.qos);
  await sender.close();
}

export const scenarios = { qos, retained, will, resume, publish };
