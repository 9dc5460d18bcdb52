"""Reads figures from the load generator's reports and writes them into documents."""

import os
import pathlib
import statistics
import subprocess

BEGIN, END = "<!-- begin: written by {} -->", "<!-- end: written by {} -->"


def figure(report, path):
    """Returns the value at a dotted path of a report, or None if the report has no such value."""
    for name in path.split("."):
        report = report.get(name) if isinstance(report, dict) else None
    return report


def median(reports, path):
    values = [value for value in (figure(report, path) for report in reports) if value is not None]
    return statistics.median(values) if values else None


def faults(report):
    """Returns the faults of a run by kind. The result is empty if every message was accounted for."""
    if "error" in report:
        return report["error"]
    found = {name: number for name, number in report.get("faults", {}).items() if number}
    for name in ("disturbed", "failed"):
        if report.get(name):
            found[name] = report[name]
    return found


def ratio(dividend, divisor):
    return dividend / divisor if dividend is not None and divisor else None


def text(value):
    return "-" if value is None else f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"


def markdown_table(head, body):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in body:
        yield "| " + " | ".join(cell.replace("|", "") for cell in row) + " |"


def first_line(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except OSError:
        return "unknown"
    return (run.stdout or run.stderr).strip().split("\n")[0] or "unknown"


def machine():
    cpus = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{len(cpus)} x {cpus[0] if cpus else 'processor'}, Linux {os.uname().release}"


def conditions(options, load_average):
    """Returns the machine, the versions and the rounds of a measurement as a Markdown list."""
    folder = pathlib.Path(__file__).resolve().parent
    yield (f"- Machine: {machine()}; load average {load_average:.2f} before the run. The brokers and the load generator "
           "share it.")
    yield f"- Commit: {first_line('git', '-C', str(folder), 'rev-parse', '--short', 'HEAD')}"
    if options.tidegate:
        yield f"- Tidegate: {first_line(options.tidegate, '--version')}; durability {options.durability}"
    if "mosquitto" in options.brokers:
        yield f"- Mosquitto: {first_line(options.mosquitto, '-h')}"
    for name in options.broker:
        yield f"- {name.split('=', 1)[0]}: `{name.split('=', 1)[1]}`"
    yield (f"- Medians of {options.rounds} rounds of {options.seconds:g} s. Every run starts a fresh broker; the brokers take "
           "turns.")


def replace_part(path, name, lines):
    """Replaces the part of a document that the script `name` writes, and appends it if the document has none."""
    begin, end = BEGIN.format(name), END.format(name)
    document = path.read_text() if path.exists() else "# Benchmarks\n\n"
    part = "\n".join([begin, "", *lines, "", end])
    if begin in document:
        before, rest = document.split(begin, 1)
        document = before + part + rest.split(end, 1)[1]
    else:
        document = document.rstrip("\n") + "\n\n" + part + "\n"
    path.write_text(document)
