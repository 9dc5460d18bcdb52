#!/usr/bin/env python3
"""Compares Tidegate with other brokers and with a relay that only copies bytes, under the same load.

    benches/compare.py --tidegate target/release/tidegate --load target/release/tidegate-bench
    benches/compare.py ... --broker 'emqx=/opt/emqx/start --port {port} --certificate {cert} --key {key}' --markdown docs/benchmarks.md

Every run starts a fresh broker. Within a case the brokers take turns, so that other load on the machine affects all
brokers alike; figures are medians over the rounds. The relay's figures show what the sockets and the load generator
cost without a broker. A ratio column is Tidegate's figure divided by the other broker's.
Exits with status 1 if any run lost, duplicated, reordered, changed or misdelivered a message.

The command of `--broker NAME=COMMAND` must stay in the foreground. In the command, {port} is the port of 127.0.0.1 to
listen on, {transport} is tcp, tls, ws, wss or quic, {cert} and {key} are PEM files, and {folder} is an empty folder for
this run. `--lacks NAME=CASE,CASE` skips the cases that a broker does not support.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # This is set before the imports below, so that Python creates no __pycache__ in the source tree.

import brokers
import reports

TRANSPORTS = ("tcp", "tls", "ws", "wss", "quic")
TRAFFIC = ("delivered_per_second", "broker.micros_per_message", "broker.resident_kib", "load_processors")
PACED = ("broker.micros_per_message", "latency_micros.p50", "latency_micros.p99", "lateness_micros.p99")
IDLE = ("bytes_per_connection", "micros_per_connect", "opened_per_second")
MANY = ("micros_per_published", "latency_micros.p99", "bytes_per_subscription", "micros_per_subscription")
RETAINED = ("write.micros_per_message", "replay.micros_per_message", "first_replay_millis", "bytes_per_message")
CHURN = ("per_second", "micros_per_connection", "connect_micros.p50", "connect_micros.p99")
SLOW = ("delivered_per_second", "broker.micros_per_message", "broker.resident_kib", "slow.missed")

PAIRS = ["pairs", "--window", "50"]

# Cases by name: arguments of the load generator, transport, paths of the figures in the report.
CASES = {
    "qos0": (PAIRS, "tcp", TRAFFIC),
    "qos1": ([*PAIRS, "--qos", "1"], "tcp", TRAFFIC),
    "qos2": ([*PAIRS, "--qos", "2"], "tcp", TRAFFIC),
    "qos0-3.1.1": ([*PAIRS, "--version", "3.1.1"], "tcp", TRAFFIC),
    "qos1-3.1.1": ([*PAIRS, "--version", "3.1.1", "--qos", "1"], "tcp", TRAFFIC),
    "fan-out": (["fan-out", "--count", "100", "--window", "20"], "tcp", TRAFFIC),
    "fan-in": (["fan-in", "--count", "100", "--window", "50"], "tcp", TRAFFIC),
    "shared": (["shared", "--count", "10", "--subscribers", "10", "--window", "50"], "tcp", TRAFFIC),
    "slow": (["slow", "--count", "10", "--rate", "10000", "--payload", "1000"], "tcp", SLOW),
    "qos0-20k/s": (["pairs", "--rate", "20000"], "tcp", PACED),
    "qos1-10k/s": (["pairs", "--qos", "1", "--rate", "10000"], "tcp", PACED),
    "qos2-4k/s": (["pairs", "--qos", "2", "--rate", "4000"], "tcp", PACED),
    "fan-in-20k/s": (["fan-in", "--count", "100", "--rate", "20000"], "tcp", PACED),
    "subscriptions": (["subscriptions"], "tcp", MANY),
    "retained": (["retained"], "tcp", RETAINED),
}
# Cases that send one burst of messages per millisecond, like devices that all report at the same time.
TOGETHER = ("qos0-20k/s", "qos1-10k/s", "qos2-4k/s", "fan-in-20k/s")
CASES |= {f"{name}-together": ([*CASES[name][0], "--tick", "1000"], "tcp", PACED) for name in TOGETHER}
CASES |= {f"qos0-{name}": (PAIRS, name, TRAFFIC) for name in TRANSPORTS[1:]}
CASES |= {f"qos0-{name}-10k/s": (["pairs", "--rate", "10000"], name, PACED) for name in TRANSPORTS[1:]}
CASES |= {f"churn-{name}": (["churn"], name, CHURN) for name in ("tcp", "tls", "wss", "quic")}
CASES |= {"churn-tls-resumed": (["churn", "--resume-tls"], "tls", CHURN)}
CASES |= {f"idle-{name}": (["idle"], name, IDLE) for name in TRANSPORTS}

RELAY_CASES = ("pairs", "fan-out", "fan-in", "shared", "churn")
# Cases that a broker does not support, by broker. Debian builds Mosquitto without WebSocket.
LACKS = {
    "mosquitto": {case for case, (_, transport, _) in CASES.items() if transport not in ("tcp", "tls")},
    "relay": {case for case, (arguments, transport, _) in CASES.items()
              if transport in ("ws", "wss") or arguments[0] not in RELAY_CASES and case != "idle-tcp"},
}


def rows(results, names):
    """Yields one row per case and figure: the median of each broker, and the ratios."""
    for case, by_broker in results.items():
        for path in CASES[case][2]:
            medians = {name: reports.median(found, path) for name, found in by_broker.items()}
            ours = medians.get("tidegate")
            ratios = {f"tidegate / {name}": reports.ratio(ours, medians.get(name)) for name in names if name != "tidegate"}
            if {"relay", "mosquitto"} <= medians.keys():
                ratios["relay / mosquitto"] = reports.ratio(medians["relay"], medians["mosquitto"])
            yield {"case": case, "figure": path, **medians, **ratios}


def columns(names):
    relay_ratio = ["relay / mosquitto"] if {"relay", "mosquitto"} <= set(names) else []
    ratios = [f"tidegate / {name}" for name in names if name != "tidegate"]
    return ["case", "figure", *names, *ratios, *relay_ratio]


def cells(lines, head):
    return [[line["case"], line["figure"], *(reports.text(line.get(name)) for name in head[2:])] for line in lines]


def print_table(lines, names):
    head = columns(names)
    table = [head, *cells(lines, head)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        left = (cell.ljust(width) for cell, width in zip(row[:2], widths))
        print("  ".join([*left, *(cell.rjust(width) for cell, width in zip(row[2:], widths[2:]))]))


def markdown(options, load_average, lines, names, all_faults):
    yield "## Comparison with other brokers"
    yield ""
    yield "A column with a `/` is one broker's figure divided by another's. `relay` only forwards bytes: its figures are what the"
    yield "sockets and the load generator cost without a broker, so `relay / mosquitto` is about the best that `tidegate / mosquitto`"
    yield "can reach. `micros` are microseconds of the broker's processor time, user and system. Latencies start when a message is due."
    yield ""
    yield from reports.conditions(options, load_average)
    yield ""
    head = columns(names)
    yield from reports.markdown_table(head, cells(lines, head))
    yield ""
    for entry in all_faults:
        yield f"- Faults of {entry['broker']} in {entry['case']}: {entry['faults']}"
    yield "" if all_faults else "Every message of every run was accounted for."
    yield ""
    yield "The command of each case (`tidegate bench ...`):"
    yield ""
    for case in options.cases:
        yield f"- {case}: `{' '.join(CASES[case][0])} --transport {CASES[case][1]}`"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", help="binary of the broker, built with --release; without it only the others run")
    parser.add_argument("--mosquitto", default="mosquitto", help="binary of Mosquitto 2.0 or later; empty: do not run it")
    parser.add_argument("--broker", action="append", default=[], metavar="NAME=COMMAND", help="adds a broker")
    parser.add_argument("--lacks", action="append", default=[], metavar="NAME=CASE,CASE",
                        help="cases that the broker does not support")
    parser.add_argument("--load", required=True, help="binary of the load generator, built with --release")
    parser.add_argument("--durability", default="always", choices=("always", "interval", "memory"),
                        help="durability setting of Tidegate")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each broker per case")
    parser.add_argument("--seconds", type=float, default=5, help="measured seconds per run")
    parser.add_argument("--connections", type=int, default=5000, help="number of connections in the idle cases")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--also", nargs="+", type=pathlib.Path, default=[], metavar="JSON",
                        help="files that --json of earlier runs wrote; their cases are listed first")
    parser.add_argument("--json", type=pathlib.Path, help="file that receives all reports and medians")
    parser.add_argument("--markdown", type=pathlib.Path, help="document in which this comparison is replaced")
    options = parser.parse_args()
    options.brokers = {name: start for name, start in brokers.BROKERS.items()
                       if (name != "tidegate" or options.tidegate) and (name != "mosquitto" or options.mosquitto)}
    options.brokers |= {name: brokers.from_template(command)
                        for name, command in (text.split("=", 1) for text in options.broker)}
    options.lacks = LACKS | {name: set(cases.split(",")) for name, cases in (text.split("=", 1) for text in options.lacks)}
    return options


def run_case(options, folder, case):
    """Runs one case. Every broker runs once per round; the order of the brokers is reversed in every other round."""
    load_arguments, transport, _ = CASES[case]
    able = [broker for broker in options.brokers if case not in options.lacks.get(broker, ())]
    found = {broker: [] for broker in able}
    for turn in range(options.rounds):
        for broker in able if turn % 2 == 0 else reversed(able):
            found[broker].append(brokers.measure(options, folder, broker, load_arguments, transport))
    print(f"{case} done", file=sys.stderr)
    return found


def faults_of(results):
    for case, by_broker in results.items():
        for broker, found in by_broker.items():
            for report in filter(reports.faults, found):
                yield {"case": case, "broker": broker, "faults": reports.faults(report)}


def run_cases(options):
    """Returns the reports by case and broker: the reports of --also first, then those of this run."""
    results = {}
    for path in options.also:
        results |= json.loads(path.read_text())["reports"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        brokers.certificates(folder)
        results |= {case: run_case(options, folder, case) for case in options.cases}
    return results


def main():
    options = arguments()
    names = list(options.brokers)
    load_average = os.getloadavg()[0]
    if load_average > 0.5:
        print(f"warning: load average {load_average:.2f}: the machine is busy, the figures are unreliable", file=sys.stderr)
    results = run_cases(options)
    options.cases = list(results)
    medians, all_faults = list(rows(results, names)), list(faults_of(results))
    print_table(medians, names)
    for entry in all_faults:
        print(f"FAULTS {entry['broker']} {entry['case']}: {entry['faults']}")
    if options.json:
        facts = {"processors": os.cpu_count(), "kernel": os.uname().release, "load_average_before": load_average}
        options.json.write_text(json.dumps(
            {"machine": facts, "medians": medians, "faults": all_faults, "reports": results}, indent=1))
    if options.markdown:
        reports.replace_part(options.markdown, "benches/compare.py",
                             list(markdown(options, load_average, medians, names, all_faults)))
    return 1 if all_faults else 0


if __name__ == "__main__":
    sys.exit(main())
