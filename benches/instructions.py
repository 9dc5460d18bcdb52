#!/usr/bin/env python3
"""Counts the work of the most frequent operations. Fails if a count exceeds benches/instructions.json by over 5 %.

    benches/instructions.py            counts, and compares with benches/instructions.json
    benches/instructions.py --accept   counts, and overwrites benches/instructions.json

The script takes three counts per operation:

    instructions   all instructions
    atomics        instructions with a lock prefix. Taking and releasing a free lock costs two of them, which take much
                   time but do not show in the number of all instructions
    allocations    calls of malloc, calloc, realloc and posix_memalign

An operation is a case of the package tidegate-operations, built with the profile `instructions`. Valgrind's callgrind
counts the work of the thread that runs the operation. The counts do not depend on the machine's load or clock speed;
hash seeds and system libraries change them by less than 2 %. The accepted counts are for x86-64 without further target
features, so other architectures are not compared. A lower count is not a failure; after a decrease, run with --accept,
so that a later regression to the old count is detected.
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
# A count must also grow by at least this number, because memory that is allocated once per run adds a fraction of an
# allocation to each operation.
GROWTH_MIN = {"instructions": 0, "atomics": 0.1, "allocations": 0.1}
# With the default of 7, the cost of 64 messages allocated together depends on how fragmented the heap happens to be.
ALLOCATOR = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=127"}
BEGIN, END = "tidegate_operations::measured", "tidegate_operations::conclude"


def build():
    """Builds the cases and returns the path of their binary."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    environment = {name: value for name, value in os.environ.items() if not name.endswith("RUSTFLAGS")}
    command = ["cargo", "build", "--quiet", "--locked", "--profile", "instructions", "-p", "tidegate-operations"]
    subprocess.run(command, cwd=HERE.parent, env=environment, check=True)
    return target / "instructions" / "tidegate-operations"


def run(binary, folder):
    """Runs all cases under callgrind, which writes one dump per case. Returns the operations and the name of each
    case."""
    command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--collect-bus=yes",
               f"--zero-before={BEGIN}", f"--dump-before={END}",
               f"--callgrind-out-file={folder}/out", str(binary)]
    done = subprocess.run(command, env={**os.environ, **ALLOCATOR}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"callgrind failed:\n{done.stderr}")
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def allocations_in(dump):
    """Returns the number of calls of the allocator. A dump contains the name of a function where the function occurs
    first, and afterwards only its number."""
    names = dict(re.findall(r"^c?fn=(\(\d+\)) (.+)$", dump, re.MULTILINE))
    calls = re.findall(r"^cfn=(\(\d+\)).*\ncalls=(\d+)", dump, re.MULTILINE)
    allocators = {"malloc", "calloc", "realloc", "posix_memalign"}
    return sum(int(times) for function, times in calls if names.get(function) in allocators)


def counts_in(dump, operations):
    """Returns the counts of one dump, per operation."""
    instructions, atomics = re.search(r"^(?:totals|summary): (\d+) ?(\d*)", dump, re.MULTILINE).groups()
    totals = {"instructions": int(instructions), "atomics": int(atomics or 0), "allocations": allocations_in(dump)}
    return {measure: round(total / operations, 1 if measure == "instructions" else 2)
            for measure, total in totals.items()}


def count(binary):
    """Returns the counts of the first thread, per operation, by case."""
    with tempfile.TemporaryDirectory() as folder:
        cases = run(binary, folder)
        return {name: counts_in(pathlib.Path(folder, f"out.{number}-01").read_text(), int(operations))
                for number, (operations, name) in enumerate(cases, 1)}


def has_grown(measure, new, old):
    """Returns whether a count exceeds the tolerated growth."""
    return new > old * GROWTH_MAX and new > old + GROWTH_MIN[measure]


def change(new, old):
    """Returns the difference between two counts as text."""
    return f"{(new / old - 1) * 100:+.1f} %" if old else f"{new - old:+.2f}"


def compare(counts, accepted):
    """Prints both counts. Returns the names of the cases whose counts grew too much, that are new, or that no longer
    exist."""
    failed = []
    for name in sorted(counts.keys() | accepted.keys()):
        if name not in counts or name not in accepted:
            print(f"{name:54} {'is new' if name in counts else 'is gone'}  <--")
            failed.append(name)
            continue
        news, olds = counts[name], accepted[name]
        grown = [measure for measure in GROWTH_MIN if has_grown(measure, news[measure], olds[measure])]
        columns = [f"{news[measure]:>9} {change(news[measure], olds[measure]):>8}" for measure in GROWTH_MIN]
        print(f"{name:54} {' '.join(columns)}{'  <-- ' + ', '.join(grown) if grown else ''}")
        if grown:
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
        sys.exit(f"{len(failed)} operations (marked <--) need over 5 % more than benches/instructions.json says, or are missing "
                 "on one side. If that is intended, run: benches/instructions.py --accept")


if __name__ == "__main__":
    main()
