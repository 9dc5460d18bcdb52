#!/usr/bin/env python3
"""Measures how costs grow: each case at N, 2N, 4N and so on connections, subscriptions, retained messages or topics.

    benches/growth.py --tidegate target/release/tidegate --load target/release/tidegate-bench --markdown docs/benchmarks.md

Every run starts a fresh broker. A growth of 1.0 per doubling means that the cost does not depend on N. With --markdown
the curves are also drawn, in growth.svg beside that document. Exits with status 1 if any run had faults.
"""

import argparse
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # This is set before the imports below, so that Python creates no __pycache__ in the source tree.

import brokers
import growth_plot
import reports

# Cases by name: arguments of the load generator without N, option that takes N, N, durability, paths of the figures in
# the report.
CASES = {
    "connections, idle": (["idle"], "--connections", 2500, "memory", ("micros_per_connect", "bytes_per_connection")),
    "connections with traffic": (["pairs", "--rate", "20000"], "--count", 100, "memory", ("broker.micros_per_message",)),
    "subscribers of one topic": (["fan-out", "--window", "5"], "--count", 100, "memory",
                                 ("broker.micros_per_message", "broker.resident_kib")),
    "subscriptions": (["subscriptions"], "--subscriptions", 50_000, "memory",
                      ("micros_per_published", "micros_per_subscription", "bytes_per_subscription")),
    "retained messages": (["retained", "--rounds", "5"], "--topics", 50_000, "memory",
                          ("write.micros_per_message", "replay.micros_per_message", "bytes_per_message")),
    "retained messages on disk": (["retained", "--rounds", "3"], "--topics", 50_000, "always", ("write.micros_per_message",)),
    "topics of publishers": (["fan-in", "--rate", "20000"], "--count", 250, "memory", ("broker.micros_per_message",)),
}


def measure(options, folder, broker, case, number):
    load_arguments, option, _, durability, _ = CASES[case]
    with_durability = argparse.Namespace(**{**vars(options), "durability": durability})
    report = brokers.measure(with_durability, folder, broker, [*load_arguments, option, str(number)], "tcp")
    print(f"{case}: {number} done", file=sys.stderr)
    return report


def run_case(options, folder, broker, case):
    """Measures a case and yields one curve per figure: the median cost by N."""
    number = max(1, round(CASES[case][2] * options.scale))
    by_number = {number << doubling: [] for doubling in range(options.doublings + 1)}
    for turn in range(options.rounds):
        for many in by_number if turn % 2 == 0 else reversed(by_number):
            by_number[many].append(measure(options, folder, broker, case, many))
    for found in by_number.values():
        options.faults += [f"{broker}, {case}: {reports.faults(report)}" for report in found if reports.faults(report)]
    for path in CASES[case][4]:
        yield {"broker": broker, "case": case, "figure": path,
               "points": {many: reports.median(found, path) for many, found in by_number.items()}}


def growth_per_doubling(points):
    """Returns the factor by which a cost grows per doubling of N, as a geometric mean. Returns None if a cost is
    missing."""
    costs = [cost for cost in points.values() if cost]
    known = len(costs) == len(points) > 1
    return (costs[-1] / costs[0]) ** (1 / (len(costs) - 1)) if known else None


def rows(options, curves):
    steps = [f"at {1 << doubling}N".replace("1N", "N") for doubling in range(options.doublings + 1)]
    yield ["broker", "number of", "figure", "N", *steps, "growth per doubling"]
    for curve in curves:
        points = curve["points"]
        yield [curve["broker"], curve["case"], curve["figure"], f"{next(iter(points)):,}",
               *map(reports.text, points.values()), reports.text(growth_per_doubling(points))]


def markdown(options, table, load_average):
    yield "## Growth"
    yield ""
    yield "Costs at N, 2N, 4N and so on. A growth of 1 per doubling means that the cost does not depend on N. Durability is `always`"
    yield "in the cases `on disk` and `memory` in all others."
    yield ""
    yield "![The same curves](growth.svg)"
    yield ""
    yield from reports.conditions(options, load_average)
    yield ""
    head, *body = table
    yield from reports.markdown_table(head, body)
    yield ""
    yield from (f"- Faults: {fault}" for fault in options.faults)
    yield "" if options.faults else "Every message of every run was accounted for."


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tidegate", required=True, help="binary of the broker, built with --release")
    parser.add_argument("--mosquitto", default="", help="binary of Mosquitto 2.0 or later; without it only Tidegate runs")
    parser.add_argument("--load", required=True, help="binary of the load generator, built with --release")
    parser.add_argument("--rounds", type=int, default=3, help="runs per case and N")
    parser.add_argument("--seconds", type=float, default=3, help="measured seconds per run")
    parser.add_argument("--doublings", type=int, default=2, help="how often N is doubled")
    parser.add_argument("--scale", type=float, default=1, help="multiplies every N")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), metavar="CASE")
    parser.add_argument("--markdown", type=pathlib.Path, help="document in which the part about growth is replaced")
    options = parser.parse_args()
    options.broker, options.faults, options.durability = [], [], "as stated above"
    names = ["tidegate", *(["mosquitto"] if options.mosquitto else [])]
    options.brokers = {name: brokers.BROKERS[name] for name in names}
    return options


def main():
    options = arguments()
    load_average = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        brokers.certificates(folder)
        curves = [curve for case in options.cases for broker in options.brokers
                  for curve in run_case(options, folder, broker, case)]
    table = list(rows(options, curves))
    for row in table:
        print("  ".join(cell.ljust(26) for cell in row).rstrip())
    for fault in options.faults:
        print(f"FAULTS {fault}")
    if options.markdown:
        reports.replace_part(options.markdown, "benches/growth.py", list(markdown(options, table, load_average)))
        options.markdown.with_name("growth.svg").write_text("\n".join(growth_plot.svg(curves)) + "\n")
    return 1 if options.faults else 0


if __name__ == "__main__":
    sys.exit(main())
