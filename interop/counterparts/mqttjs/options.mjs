// The command line of both programs: SCENARIO --url URL --version 3|4|5 --prefix TOPIC [--ca FILE]
// The scenario `publish` also takes --topic, --qos and --count.

import { parseArgs } from "node:util";

export function options() {
  const text = { type: "string" };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: text, version: text, prefix: text, ca: text, topic: text, qos: text, count: text },
  });
  const number = (value) => (value === undefined ? undefined : Number(value));
  return {
    ...values,
    scenario: positionals[0],
    version: Number(values.version),
    qos: number(values.qos),
    count: number(values.count),
  };
}

/** Exits with the outcome of the promise: 0, or 1 and a message that names the scenario and the error. */
export function finish(name, scenario, outcome) {
  outcome.then(
    () => process.exit(0),
    (error) => {
      console.error(`${name}: ${scenario}: ${error.stack ?? error}`);
      process.exit(1);
    },
  );
}
