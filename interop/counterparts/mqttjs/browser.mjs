// Runs one scenario with MQTT.js on a page in headless Chromium, over ws or wss.
// A small web server on loopback serves the page. Chromium does not know the test's certificate authority: this script verifies
// the broker's certificate against --ca and makes Chromium accept the key in it.

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:tls";
import { chromium } from "playwright-core";

import { finish, options } from "./options.mjs";

const FILES = {
  "/": ["text/html", "page.html"],
  "/mqtt.js": ["text/javascript", "node_modules/mqtt/dist/mqtt.min.js"],
  "/test_client.mjs": ["text/javascript", "test_client.mjs"],
  "/scenarios.mjs": ["text/javascript", "scenarios.mjs"],
};

function serve() {
  const server = createServer((request, response) => {
    const [type, path] = FILES[request.url] ?? [];
    response.writeHead(path ? 200 : 404, { "content-type": type ?? "text/plain" });
    response.end(path ? readFileSync(new URL(path, import.meta.url)) : "");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Verifies the broker's certificate chain and returns the fingerprint of its key in the form that Chromium's flag needs. */
function keyFingerprint(url, ca) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), servername: "localhost", ca: readFileSync(ca) }, () => {
      const key = new X509Certificate(socket.getPeerCertificate().raw).publicKey;
      socket.destroy();
      resolve(createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("base64"));
    });
    socket.on("error", reject);
  });
}

async function flags(given) {
  const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
  quiet.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
  if (!given.url.startsWith("wss:")) return quiet;
  return [...quiet, `--ignore-certificate-errors-spki-list=${await keyFingerprint(given.url, given.ca)}`];
}

async function run(given) {
  const server = await serve();
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, headless: true, args: await flags(given) });
  try {
    const page = await browser.newPage();
    page.on("console", (line) => console.error(`page: ${line.text()}`));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => globalThis.scenarios && globalThis.mqtt);
    const failure = await page.evaluate(
      (options) => globalThis.scenarios[options.scenario](globalThis.mqtt, options).then(() => null, String),
      given,
    );
    if (failure) throw new Error(failure);
  } finally {
    await browser.close();
    server.close();
  }
}

const given = options();
finish("browser", given.scenario, run(given));
