// Runs one scenario with MQTT.js in Node. Exit code 0: the broker behaved as the scenario requires.

import { readFileSync } from "node:fs";
import mqtt from "mqtt";

import { finish, options } from "./options.mjs";
import { scenarios } from "./scenarios.mjs";

async function run(given) {
  const tls = given.ca ? { ca: readFileSync(given.ca) } : {};
  await scenarios[given.scenario](mqtt, { ...given, tls });
}

const given = options();
finish("mqttjs", given.scenario, run(given));
