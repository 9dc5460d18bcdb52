#!/usr/bin/env python3
"""Measures how long Tidegate takes to start with a full store, and how much memory it then uses.

    benches/start_up.py --tidegate target/release/tidegate --load target/release/tidegate-bench --folder /var/tmp

Fills one store with sessions and queued messages and another with retained messages, and starts the broker on each
several times. Before the first start, the script drops the store's pages from the page cache, if the system permits.
Prints the time until `ready`, the resident memory and the log lines up to `ready`. Then checks the contents: a sample
of the sessions reconnects, or two subscribers, one fast and one slow, read all retained messages. Exits with status 1
if anything was missing or wrong.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time


def load(options, *arguments):
    run = subprocess.run([options.load, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=1800)
    if run.returncode not in (0, 1) or not run.stdout:
        raise SystemExit(f"the load generator exited with status {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout)


class Broker:
    """A running broker. `seconds` is the time from its start until it logged `ready`."""

    def __init__(self, options, folder):
        config = folder / "tidegate.yaml"
        config.write_text(json.dumps({
            "listeners": [{"name": "load", "transport": "tcp", "address": f"127.0.0.1:{options.port}"}],
            "persistence": {"durability": "always"},
            "retained": {"messages_max": options.retained + 1000, "bytes_max": "64GiB"},
            "log": {"level": "info", "format": "human"},
        }))
        began = time.monotonic()
        self.process = subprocess.Popen(
            [options.tidegate, "serve", "--data", str(folder), "--config", str(config)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines = []
        for line in self.process.stderr:
            self.lines.append((time.monotonic() - began, line.split(None, 1)[1].strip()))
            if line.rstrip().endswith(" ready"):
                break
        else:
            raise SystemExit(f"the broker exited with status {self.process.wait()} before it was ready: {self.lines}")
        self.seconds = time.monotonic() - began
        self.processor_seconds = self.processor_time()

    def memory(self, field):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":"))

    def processor_time(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=300)
        return time.monotonic() - began


def drop_from_page_cache(folder):
    """Drops the store's pages from the page cache, so that the next start has to read the disk."""
    for file in (folder / "store").glob("*.mdb"):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def disk_mib(folder):
    return (folder / "store" / "data.mdb").stat().st_blocks * 512 / (1 << 20)


def measure_starts(options, name, folder, check):
    """Starts the broker on one store several times, first from the disk, then from the page cache. Checks the last
    start."""
    reports = []
    for turn in range(options.rounds):
        if turn == 0:
            drop_from_page_cache(folder)
        broker = Broker(options, folder)
        print(f"| {name} | {'disk' if turn == 0 else 'cache'} | {broker.seconds:.2f} | {broker.processor_seconds:.2f} | "
              f"{broker.memory('VmRSS'):,.0f} | {broker.memory('RssAnon'):,.0f} | {broker.memory('VmHWM'):,.0f} | "
              f"{disk_mib(folder):,.0f} |", flush=True)
        last = turn == options.rounds - 1
        report = check(broker) if last else None
        stopped = broker.stop()
        reports.append({"seconds": broker.seconds, "stop_seconds": stopped, "lines": broker.lines, "check": report})
    return reports


def resume_sessions(options, _broker):
    return load(options, "resume", "--target", f"127.0.0.1:{options.port}", "--sessions", options.sessions,
                "--queued", options.queued, "--sample", options.sample, "--payload", options.payload)


def read_retained(options, broker):
    return load(options, "replay", "--target", f"127.0.0.1:{options.port}", "--pid", broker.process.pid,
                "--topics", options.retained, "--slow-rate", options.slow_rate, "--payload", options.payload)


def show(name, reports):
    """Prints the log up to `ready` and the result of the check."""
    first, last = reports[0], reports[-1]
    print(f"\n{name}: log of the first start (seconds, line); the last shutdown took {last['stop_seconds']:.2f} s\n")
    print("\n".join(f"    {at:7.2f}  {line}" for at, line in first["lines"]))
    print(f"\n{name}: check: {json.dumps(last['check'])}\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True, help="binary of the broker, built with --release")
    parser.add_argument("--load", required=True, help="binary of the load generator, built with --release")
    parser.add_argument("--folder", default="/var/tmp",
                        help="folder for the stores, on the disk to be measured; default /var/tmp")
    parser.add_argument("--sessions", type=int, default=100_000, help="sessions in the first store")
    parser.add_argument("--queued", type=int, default=10, help="queued messages per session")
    parser.add_argument("--retained", type=int, default=1_000_000, help="retained messages in the second store")
    parser.add_argument("--payload", type=int, default=64, help="bytes per payload")
    parser.add_argument("--sample", type=int, default=1000, help="sessions that reconnect for the check")
    parser.add_argument("--slow-rate", type=int, default=50_000, help="messages per second that the slow subscriber reads")
    parser.add_argument("--rounds", type=int, default=3, help="starts per store")
    parser.add_argument("--port", type=int, default=18_830, help="port of 127.0.0.1 for the broker")
    return parser.parse_args()


def main():
    options = arguments()
    contents = {
        f"{options.sessions:,} sessions, {options.queued} queued messages each":
            (["--sessions", options.sessions, "--queued", options.queued, "--retained", 0], resume_sessions),
        f"{options.retained:,} retained messages":
            (["--sessions", 0, "--retained", options.retained], read_retained),
    }
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.2f} before the run; "
          f"payloads of {options.payload} bytes\n")
    print("| store | read from | s to ready | CPU s | RSS MiB | anonymous MiB | peak MiB | on disk MiB |")
    print("|---" * 8 + "|", flush=True)
    results = {}
    for name, (filling, check) in contents.items():
        folder = pathlib.Path(tempfile.mkdtemp(prefix="start-up-", dir=options.folder))
        try:
            load(options, "fill", folder, *filling, "--payload", options.payload)
            results[name] = measure_starts(options, name, folder, lambda broker, check=check: check(options, broker))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for name, reports in results.items():
        show(name, reports)
    checks = [reports[-1]["check"] for reports in results.values()]
    return 1 if any(any(check["faults"].values()) or check.get("absent") for check in checks) else 0


if __name__ == "__main__":
    sys.exit(main())
