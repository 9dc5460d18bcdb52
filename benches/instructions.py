#!/usr/bin/env python3
"""Counts the instructions of the hot operations. Fails if one needs over 5 % more than benches/instructions.json says.

    benches/instructions.py            counts, and compares with benches/instructions.json
    benches/instructions.py --accept   counts, and overwrites benches/instructions.json

An operation is a case of the package tidegate-operations, built with the profile `instructions`. Valgrind's callgrind counts
the instructions of the thread that runs it. The counts do not depend on the machine's load or clock speed; hash seeds and
system libraries change them by less than 1 %. The accepted counts are for x86-64 without further target features, so other
architectures are not compared. Needing fewer instructions is no failure; run with --accept afterwards, so that a later
regression to the old count is noticed.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ACCEPTED = HERE / "instructions.json"
GROWTH_MAX = 1.05
BEGIN, END = "tidegate_operations::measured", "tidegate_operations::conclude"


def build():
    """Builds the cases and returns the path of their binary."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("RUSTFLAGS")}
    command = ["cargo", "build", "--quiet", "--locked", "--profile", "instructions", "-p", "tidegate-operations"]
    subprocess.run(command, cwd=HERE.parent, env=environment, check=True)
    return target / "instructions" / "tidegate-operations"


def run(binary, folder):
    """Runs all cases under callgrind, which writes one dump per case. Returns the operations and the name of each case."""
    command = ["valgrind", "--tool=callgrind", "--separate-threads=yes",
               f"--zero-before={BEGIN}", f"--dump-before={END}",
               f"--callgrind-out-file={folder}/out", str(binary)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"callgrind failed:\n{done.stderr}")
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def instructions_in(folder, number):
    """The instructions that one dump counted for the first thread."""
    text = (folder / f"out.{number}-01").read_text()
    return int(re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE).group(1))


def count(binary):
    """Instructions per operation, by case."""
    with tempfile.TemporaryDirectory() as folder:
        cases = run(binary, folder)
        return {name: round(instructions_in(pathlib.Path(folder), number) / int(operations), 1)
                for number, (operations, name) in enumerate(cases, 1)}


def compare(counts, accepted):
    """Prints both counts. Returns the names of the cases that grew too much, are new or are gone."""
    failed = []
    for name in sorted(counts.keys() | accepted.keys()):
        new, old = counts.get(name), accepted.get(name)
        ratio = new / old if new and old else None
        note = "" if ratio and ratio <= GROWTH_MAX else "  <--"
        change = f"{(ratio - 1) * 100:+.1f} %" if ratio else "not in both"
        print(f"{name:52} {new or '':>10} {old or '':>10} {change:>12}{note}")
        if note:
            failed.append(name)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="accept the new counts: overwrite benches/instructions.json")
    options = parser.parse_args()
    if platform.machine() != "x86_64":
        print(f"instruction counts are not compared on {platform.machine()}: the accepted counts are for x86-64")
        return
    counts = count(build())
    accepted = json.loads(ACCEPTED.read_text()) if ACCEPTED.exists() else {}
    failed = compare(counts, accepted)
    if options.accept:
        ACCEPTED.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n")
    elif failed:
        sys.exit(f"{len(failed)} operations (marked <--) need over 5 % more instructions than benches/instructions.json says, "
                 "or are missing on one side. If that is intended, run: benches/instructions.py --accept")


if __name__ == "__main__":
    main()
