#!/usr/bin/env python3
"""Measures what an acknowledgement costs: Tidegate with durability `always`, `interval` and `memory`, beside Mosquitto.

    benches/durability.py --tidegate target/release/tidegate --load target/release/tidegate-bench --folder /var/tmp

Publishers send QoS 1 messages, each with up to 100 unacknowledged, to persistent sessions that acknowledge them. Every
number of publishers and every payload size is a case. In each round of a case, every broker runs once with an empty
store; the order of the brokers is reversed in every other round. `--folder` must be on the disk to be measured. The
speed of the disk's syncs is measured between any two runs, because the disks of virtual machines vary over time.
Mosquitto stores nothing on disk in these runs. Prints medians, ratios and whether two goals are met, as Markdown. Exits
with status 1 if a message was lost, duplicated, reordered, changed or misdelivered.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # This is set before the imports below, so that Python creates no __pycache__ in the source tree.

import brokers
import durability_report
import reports

DURABILITIES = ("always", "interval", "memory")


def tidegate(options, folder, durability, port):
    config = {
        "listeners": [{"name": "load", "transport": "tcp", "address": f"127.0.0.1:{port}"}],
        "persistence": {"durability": durability},
        "session": {"queue_len_max": 100_000_000, "queue_bytes_max": "64GiB"},
        "log": {"level": "warn"},
    }
    file = folder / "tidegate.yaml"
    file.write_text(json.dumps(config))
    return [options.tidegate, "serve", "--data", str(folder / "data"), "--config", str(file)]


def command(options, folder, broker, port):
    if broker == "mosquitto":
        return brokers.mosquitto(options, folder, "tcp", port)
    return tidegate(options, folder, broker, port)


def load_command(options, folder, broker, case, process, port):
    publishers, payload = case
    arguments = [options.load, "durable", "--json", "--target", f"127.0.0.1:{port}", "--pid", str(process.pid),
                 "--publishers", str(publishers), "--payload", str(payload), "--qos", str(options.qos),
                 "--subscriber", options.subscriber, "--topics", str(options.topics),
                 "--seconds", str(options.seconds), "--warmup", str(0 if options.messages else options.warmup)]
    if options.messages:
        arguments += ["--messages", str(options.messages)]
    if broker in ("always", "interval"):
        arguments += ["--store", str(folder / "data" / "store")]
    return arguments


def measure(options, broker, case):
    """Starts a fresh broker with an empty store, runs the load generator once, and returns its report."""
    port = brokers.free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="durability-", dir=options.folder))
    process = subprocess.Popen(command(options, folder, broker, port),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        brokers.wait_until_listening(process, port, "tcp")
        time.sleep(0.3)
        run = subprocess.run(load_command(options, folder, broker, case, process, port),
                             capture_output=True, text=True, timeout=900)
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
    if run.returncode not in (0, 1) or not run.stdout:
        return {"error": run.stderr.strip() or f"the load generator exited with status {run.returncode}"}
    return json.loads(run.stdout)


def probe(options, pages=10):
    """Measures small writes and syncs of the disk, with `pages` pages of 4 KiB before the sync of a commit."""
    run = subprocess.run([options.load, "sync-probe", options.folder, "--json", "--seconds", str(options.probe_seconds),
                          "--pages", str(pages)],
                         capture_output=True, text=True, check=True, timeout=120)
    return json.loads(run.stdout)


def sync_p50(probed):
    return reports.figure(probed, "pair.micros.p50")


def run_case(options, case):
    """Runs one case and probes the disk between any two runs. The order of the brokers is reversed in every other
    round."""
    found = {broker: [] for broker in options.brokers}
    probes = [probe(options)]
    for turn in range(options.rounds):
        for broker in options.brokers if turn % 2 == 0 else reversed(options.brokers):
            report = measure(options, broker, case)
            probes.append(probe(options))
            report["sync_micros"] = statistics.mean(map(sync_p50, probes[-2:]))
            if report.get("written_per_commit"):
                pages = round(report["written_per_commit"] / 4096)
                report["batch_sync_micros"] = sync_p50(probe(options, pages))
            found[broker].append(report)
    print(f"{case[0]} publishers, {case[1]} bytes: done", file=sys.stderr)
    return {"reports": found, "probes": probes}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True, help="binary of the broker, built with --release")
    parser.add_argument("--mosquitto", default="mosquitto", help="binary of Mosquitto 2.0 or later")
    parser.add_argument("--load", required=True, help="binary of the load generator, built with --release")
    parser.add_argument("--folder", default="/var/tmp",
                        help="folder for the stores, on the disk to be measured; default /var/tmp")
    parser.add_argument("--brokers", nargs="+", choices=(*DURABILITIES, "mosquitto"),
                        default=[*DURABILITIES, "mosquitto"], metavar="BROKER")
    parser.add_argument("--publishers", nargs="+", type=int, default=[1, 10, 100], help="numbers of publishers")
    parser.add_argument("--payloads", nargs="+", type=int, default=[64, 1024], help="payload sizes in bytes")
    parser.add_argument("--subscriber", choices=("online", "offline", "retained"), default="online",
                        help="who receives: connected sessions, sessions that reconnect at the end, or the retained store")
    parser.add_argument("--topics", type=int, default=1, help="topics per publisher")
    parser.add_argument("--qos", type=int, choices=(1, 2), default=1)
    parser.add_argument("--messages", type=int,
                        help="stop each publisher after this many messages, without warm-up; "
                             "limits what is queued with `offline`")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each broker per case")
    parser.add_argument("--seconds", type=float, default=5, help="measured seconds per run")
    parser.add_argument("--warmup", type=float, default=1, help="seconds before the measurement")
    parser.add_argument("--probe-seconds", type=float, default=0.5,
                        help="seconds per way of writing, four ways, between any two runs")
    parser.add_argument("--json", type=pathlib.Path, help="file that receives all reports")
    return parser.parse_args()


def all_faults(results):
    for case, result in results.items():
        for broker, found in result["reports"].items():
            for report in filter(reports.faults, found):
                yield f"FAULTS {broker}, {case[0]} publishers, {case[1]} bytes: {reports.faults(report)}"


def main():
    options = arguments()
    before = os.getloadavg()[0]
    cases = [(publishers, payload) for publishers in options.publishers for payload in options.payloads]
    results = {case: run_case(options, case) for case in cases}
    print(f"{os.cpu_count()} processors, kernel {os.uname().release}, load average {before:.2f} before the run; "
          f"{options.subscriber}, QoS {options.qos}, {options.rounds} rounds of {options.seconds:g} s\n")
    durability_report.show(results)
    faults = list(all_faults(results))
    print(*faults, sep="\n")
    if options.json:
        options.json.write_text(json.dumps(
            [{"publishers": case[0], "payload": case[1], **result} for case, result in results.items()], indent=1))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
