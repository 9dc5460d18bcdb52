"""Prints the results of benches/durability.py as Markdown: medians, the speed of the disk's syncs, and whether the
goals are met."""

import statistics

import reports

RATE = "acknowledged_per_second"
P50, P99 = "acknowledgement_micros.p50", "acknowledgement_micros.p99"
FIGURES = (RATE, P50, P99, "broker.micros_per_message", "writer_micros_per_message", "commits_per_second",
           "broker.processors", "load_processors")

# The goals: with 100 publishers, durability `always` reaches this share of the rate of `memory`, and the median time to
# an acknowledgement is at most this multiple of the time of one commit, which writes and syncs its batch.
RATE_SHARE_MIN = 0.5
WAIT_MAX = 1.5


def show(results):
    print_table(results)
    print_probe_table(results)
    print_goals(results)


def text(value, digits=1):
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


def millis(value):
    return text(None if value is None else value / 1000, 2)


def spread(values, digits=1):
    return f" ({text(min(values), digits)}–{text(max(values), digits)})" if len(values) > 1 else ""


def row(case, broker, result):
    found = result["reports"][broker]
    medians = {path: reports.median(found, path) for path in FIGURES}
    memory = reports.median(result["reports"].get("memory", []), RATE)
    rate = medians[RATE]
    share = rate / memory if rate and memory else None
    rates = [value for value in (reports.figure(report, RATE) for report in found) if value is not None]
    cells = [str(case[0]), str(case[1]), broker, text(rate) + spread(rates), text(share, 2), millis(medians[P50]),
             millis(medians[P99]), text(medians["broker.micros_per_message"], 2),
             text(medians["writer_micros_per_message"], 2), text(medians["commits_per_second"]),
             text(medians["broker.processors"], 2), text(medians["load_processors"], 2)]
    return "| " + " | ".join(cells) + " |"


def print_table(results):
    print("| publishers | bytes | broker | acknowledged/s (range) | / `memory` | p50 ms | p99 ms | CPU µs/msg "
          "| writer CPU µs/msg | commits/s | broker CPUs | load generator CPUs |")
    print("|---" * 12 + "|")
    for case, result in results.items():
        for broker in result["reports"]:
            print(row(case, broker, result))


def print_probe_table(results):
    print("\nThe disk between the runs: p50 in ms, median (range). `overwrite` and `hole` are 4 KiB and a sync. The `pair` columns are "
          "what an LMDB commit does: pages and a sync, then one synchronous page. A hole is a part of a file not written before.\n")
    print("| publishers | bytes | overwrite | hole | pair | pair into holes |")
    print("|---" * 6 + "|")
    for (publishers, payload), result in results.items():
        cells = [probe_cell(result["probes"], way) for way in ("overwrite", "hole", "pair", "hole_pair")]
        print("| " + " | ".join([str(publishers), str(payload), *cells]) + " |")


def probe_cell(probes, way):
    values = [reports.figure(probe, way + ".micros.p50") for probe in probes]
    return f"{millis(statistics.median(values))} ({millis(min(values))}–{millis(max(values))})"


def print_goals(results):
    """Compares the medians of a case with the two goals."""
    print()
    for (publishers, payload), result in results.items():
        name = f"{publishers} publishers, {payload} bytes"
        if publishers >= 100:
            print_rate_goal(name, result["reports"])
        print_wait_goal(name, result["reports"].get("always", []))


def print_rate_goal(name, by_broker):
    always, memory = (reports.median(by_broker.get(broker, []), RATE) for broker in ("always", "memory"))
    if always and memory:
        share = always / memory
        print(f"- {name}: `always` reaches {share:.0%} of the rate of `memory`; goal at least {RATE_SHARE_MIN:.0%}: "
              f"{'met' if share >= RATE_SHARE_MIN else 'missed'}")


def print_wait_goal(name, found):
    waits = [wait for wait in map(wait_per_commit, found) if wait]
    if waits:
        ratio = statistics.median(ratio for ratio, _ in waits)
        print(f"- {name}: the p50 of `always` is {ratio:.2f}{spread([ratio for ratio, _ in waits], 2)} times the sync + pages "
              f"+ writer's processor time ({', '.join(parts for _, parts in waits)}); goal at most {WAIT_MAX}: "
              f"{'met' if ratio <= WAIT_MAX else 'missed'}")


def wait_per_commit(report):
    """Returns the median wait of a run divided by the time of one commit, and the parts of both numbers as text.

    The time of a commit is the time of a disk sync measured next to the run, plus the extra time to sync as many pages
    as the run's commits have, plus the writer's processor time per commit. Returns None if the report lacks a part."""
    if not report.get("messages_per_commit") or report.get("batch_sync_micros") is None:
        return None
    wait, sync = reports.figure(report, P50), report["sync_micros"]
    pages = max(report["batch_sync_micros"] - sync, 0)
    batch = report["writer_micros_per_message"] * report["messages_per_commit"]
    parts = f"{millis(wait)} / ({millis(sync)} + {millis(pages)} + {millis(batch)}) ms"
    return wait / (sync + pages + batch), f"{parts} with {report['written_per_commit'] / 1024:,.0f} KiB per commit"
