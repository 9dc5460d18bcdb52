// The command line of both counterparts: SCENARIO --url URL --version 3|4|5 --prefix TOPIC [--ca FILE]
// and for the scenario `publish` also --topic, --qos and --count.

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

/** Ends the process with the outcome; a failure says which scenario and why. */
export function finish(name, scenario, outcome) {
  outcome.then(
    () => process.exit(0),
    (error) => {
      console.error(`${name}: ${scenario}: ${error.stack ?? error}`);
      process.exit(1);
    },
  );
}
