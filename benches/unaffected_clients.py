#!/usr/bin/env python3
"""Measures whether durable load makes messages of clean sessions more expensive: processor time per clean message,
beside durable load and alone.

    benches/unaffected_clients.py --tidegate target/release/tidegate --load target/release/tidegate-bench --folder /var/tmp

The clean traffic is pairs with clean sessions at a fixed rate, at QoS 0 or QoS 1. The durable load is traffic to
durable sessions at a fixed rate. One round measures eight settings, each against a fresh broker: with durability
`memory` and `always`, the clean traffic alone, the clean traffic beside the durable load, the durable load alone, and
no traffic. The costs of the last two settings are subtracted. Every other round runs the settings in reverse order.

The script measures the processor time of the broker's threads between two moments, by thread name: the thread `store`
is the store's writer, all other threads carry traffic. The time that the durable load alone uses on the traffic threads
is subtracted. Two loads share wake-ups, so the difference is smaller than the time of the clean traffic alone, also
with `memory`. The influence of the writer therefore shows in two ratios: `always` divided by `memory`, both beside the
durable load, and `always` divided by `memory`, both alone.

With --instructions the broker runs under callgrind, which counts the instructions of the broker's own code but not
those of the kernel. A broker under callgrind is far slower, so the rates are those of --slow-rates. The counts are the
same in each run, whatever else the machine does.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # This is set before the imports below, so that Python creates no __pycache__ in the source tree.

import brokers
import reports

WRITER = "store"
# Functions by which the kind of thread is recognised in callgrind's output.
ROLES = {"writer": "disk::writer::Writer::run", "traffic": "cores::Cores::start::{{closure}}"}
# The settings of a round: durability, whether there is clean traffic, whether there is durable load.
RUNS = [(durability, clean, durable) for durability in ("memory", "always")
        for clean, durable in ((True, False), (True, True), (False, True), (False, False))]


def thread_seconds(pid):
    """Returns the processor seconds of the threads of a process, by thread name."""
    used = {}
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        name, fields = re.fullmatch(r"\d+ \((.*)\) (.*)\n?", stat.read_text(), re.DOTALL).groups()
        fields = fields.split()
        used[name] = used.get(name, 0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def broker_command(options, folder, durability, port):
    config = folder / "tidegate.yaml"
    config.write_text(json.dumps({
        "listeners": [{"name": "load", "transport": "tcp", "address": f"127.0.0.1:{port}"}],
        "persistence": {"durability": durability},
        "log": {"level": "warn"},
    }))
    command = [options.tidegate, "serve", "--data", str(folder / "data"), "--config", str(config)]
    if options.instructions:
        out = folder / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={out}", *command]
    return command


def loads(options, qos, clean, durable, port):
    """Returns the load generator's commands for the clean traffic and the durable load, as far as the setting has
    them."""
    common = ["--json", "--target", f"127.0.0.1:{port}"]
    if options.instructions:
        rate, durable_rate = options.slow_rates
        common += ["--seconds", str(options.seconds), "--warmup", "0"]
    else:
        rate, durable_rate = options.rates[qos], options.durable_rate
        common += ["--seconds", str(options.seconds + 2.5), "--warmup", "0.5"]
    commands = []
    if clean:
        commands.append([options.load, "pairs", "--qos", str(qos), "--rate", str(rate), *common])
    if durable:
        commands.append([options.load, "durable", "--rate", str(durable_rate), *common])
    return commands


def finish(process):
    out, error = process.communicate(timeout=600)
    if process.returncode not in (0, 1) or not out:
        raise SystemExit(f"the load generator exited with status {process.returncode}: {error.strip()}")
    report = json.loads(out)
    if reports.faults(report):
        raise SystemExit(f"faults: {reports.faults(report)}")
    return report


def measure(options, qos, run):
    """Runs one setting. Returns the processor seconds or the instructions of the broker's traffic threads and of its
    writer, the number of clean messages, and their latency."""
    durability, clean, durable = run
    port = brokers.free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="unaffected-clients-", dir=options.folder))
    broker = subprocess.Popen(broker_command(options, folder, durability, port),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        brokers.wait_until_listening(broker, port, "tcp")
        time.sleep(0.3)
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for command in loads(options, qos, clean, durable, port)]
        if not options.instructions:
            time.sleep(1)
            began, before = time.monotonic(), thread_seconds(broker.pid)
            time.sleep(options.seconds)
            elapsed, after = time.monotonic() - began, thread_seconds(broker.pid)
        finished = [finish(process) for process in started]
    finally:
        broker.terminate()
        broker.wait(60)
        instructions = counted_instructions(folder) if options.instructions else None
        shutil.rmtree(folder, ignore_errors=True)
    if options.instructions:
        return {**instructions, "messages": finished[0]["sent"] if clean else 0}
    used = {name: after[name] - before.get(name, 0) for name in after}
    writer = used.pop(WRITER, 0)
    latency = finished[0]["latency_micros"] if clean else None
    messages = options.rates[qos] * elapsed
    return {"traffic": sum(used.values()), "writer": writer, "messages": messages, "latency": latency}


def counted_instructions(folder):
    """Returns the instructions by kind of thread. Each kind is recognised by a function that only this kind runs. The
    main thread is ignored."""
    totals = {"traffic": 0, "writer": 0}
    for file in folder.glob("callgrind.out*-*"):
        text = file.read_text(errors="replace")
        total = re.search(r"^totals: (\d+)", text, re.MULTILINE)
        role = next((role for role, function in ROLES.items() if function in text), None)
        if total and role:
            totals[role] += int(total.group(1))
    if not totals["traffic"]:
        raise SystemExit(f"no callgrind file contains {ROLES['traffic']}: did that function of the broker get another name?")
    return totals


def run_round(options, qos, turn):
    """Runs all settings once. Returns the cost of a clean message by durability and setting."""
    results = {run: measure(options, qos, run) for run in (RUNS if turn % 2 == 0 else reversed(RUNS))}
    costs = {}
    for durability in ("memory", "always"):
        alone, both, load, nothing = (results[run] for run in RUNS if run[0] == durability)
        scale = 1 if options.instructions else 1e6
        costs[durability, "alone"] = (alone["traffic"] - nothing["traffic"]) / alone["messages"] * scale
        costs[durability, "beside"] = (both["traffic"] - load["traffic"]) / both["messages"] * scale
        costs[durability, "load"] = (load["traffic"] - nothing["traffic"]) / alone["messages"] * scale
        costs[durability, "writer"] = both["writer"] / both["messages"] * scale
        costs[durability, "latency"] = alone.get("latency"), both.get("latency")
    return costs


def spread(values):
    """Returns the median and the standard error of the mean. The standard error needs more than one value."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return f"{statistics.median(values):,.2f} ± {error:.2f}"


def show(options, qos, rounds):
    """Prints the table row of one QoS. Returns the lines with the latencies and the ratios."""
    unit = "instructions" if options.instructions else "µs"
    print(f"| QoS {qos} | " + " | ".join(
        spread([costs[key] for costs in rounds])
        for key in (("memory", "alone"), ("always", "alone"), ("memory", "beside"), ("always", "beside"),
                    ("always", "load"), ("always", "writer"))) + " |")
    alone, beside, across = (
        [reports.ratio(costs["always", always], costs["memory", memory]) or float("nan") for costs in rounds]
        for always, memory in (("alone", "alone"), ("beside", "beside"), ("beside", "alone")))
    return (latency(qos, rounds) + f"- QoS {qos}, {unit}, `always` / `memory`: both alone {spread(alone)}; both beside the "
            f"durable load {spread(beside)}; `always` beside, `memory` alone {spread(across)}. Goal: 0.95 to 1.05")


def latency(qos, rounds):
    """Returns a line with the latencies of the clean traffic, as medians over the rounds."""
    if not rounds[0]["always", "latency"][0]:
        return ""
    cells = [f"{durability} {where}: " + " / ".join(
        f"{statistics.median(costs[durability, 'latency'][index][part] for costs in rounds):,.0f}" for part in ("p50", "p99"))
        for durability in ("memory", "always") for index, where in enumerate(("alone", "beside"))]
    return f"- QoS {qos}, latency of the clean traffic in µs, p50 / p99: {'; '.join(cells)}\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True, help="binary of the broker, built with --release")
    parser.add_argument("--load", required=True, help="binary of the load generator, built with --release")
    parser.add_argument("--folder", default="/var/tmp",
                        help="folder for the stores, on the disk to be measured; default /var/tmp")
    parser.add_argument("--rates", nargs=2, type=int, default=[20_000, 10_000], metavar=("QOS0", "QOS1"),
                        help="clean messages per second")
    parser.add_argument("--durable-rate", type=int, default=2000, help="durable messages per second, QoS 1")
    parser.add_argument("--qos", nargs="+", type=int, choices=(0, 1), default=[0, 1])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each setting")
    parser.add_argument("--seconds", type=float, default=6, help="measured seconds per run")
    parser.add_argument("--instructions", action="store_true",
                        help="count instructions under callgrind instead of measuring processor time")
    parser.add_argument("--slow-rates", nargs=2, type=int, default=[1000, 200], metavar=("CLEAN", "DURABLE"),
                        help="messages per second under callgrind")
    return parser.parse_args()


def main():
    options = arguments()
    unit = "Instructions" if options.instructions else "Processor time in µs"
    print(f"{os.cpu_count()} processors, load average {os.getloadavg()[0]:.2f} before the run; {options.rounds} rounds. {unit} "
          "of the traffic threads per clean message, median ± standard error:\n")
    print("| | `memory` alone | `always` alone | `memory` beside | `always` beside | durable load alone | writer |")
    print("|---" * 7 + "|", flush=True)
    ratios = [show(options, qos, [run_round(options, qos, turn) for turn in range(options.rounds)]) for qos in options.qos]
    print()
    print(*ratios, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
