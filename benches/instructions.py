#!/usr/bin/env python3
"""Counts the work of the hot operations. Fails if one needs over 5 % more than benches/instructions.json says.

    benches/instructions.py            counts, and compares with benches/instructions.json
    benches/instructions.py --accept   counts, and overwrites benches/instructions.json

Three counts per operation:

    instructions   all of them
    atomics        instructions with a lock prefix. A lock that nobody holds costs two of them: too few instructions to be seen
                   among the others, but much time
    allocations    calls of malloc, calloc, realloc and posix_memalign

An operation is a case of the package tidegate-operations, built with the profile `instructions`. Valgrind's callgrind counts
what the thread does that runs it. The counts do not depend on the machine's load or clock speed; hash seeds and system
libraries change them by less than 2 %. The accepted counts are for x86-64 without further target features, so other
architectures are not compared. Needing less is no failure; run with --accept afterwards, so that a later regression to the old
count is noticed.
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
# A count also has to grow by this much: memory that is allocated once per run is a fraction of an allocation per operation.
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
    """Runs all cases under callgrind, which writes one dump per case. Returns the operations and the name of each case."""
    command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", "--collect-bus=yes",
               f"--zero-before={BEGIN}", f"--dump-before={END}",
               f"--callgrind-out-file={folder}/out", str(binary)]
    done = subprocess.run(command, env={**os.environ, **ALLOCATOR}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"callgrind failed:\n{done.stderr}")
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


def allocations_in(dump):
    """The calls of the allocator. A dump names a function where it occurs first, and gives only its number afterwards."""
    names = dict(re.findall(r"^c?fn=(\(\d+\)) (.+)$", dump, re.MULTILINE))
    calls = re.findall(r"^cfn=(\(\d+\)).*\ncalls=(\d+)", dump, re.MULTILINE)
    allocators = {"malloc", "calloc", "realloc", "posix_memalign"}
    return sum(int(times) for function, times in calls if names.get(function) in allocators)


def counts_in(dump, operations):
    """What one dump counted, per operation."""
    instructions, atomics = re.search(r"^(?:totals|summary): (\d+) ?(\d*)", dump, re.MULTILINE).groups()
    totals = {"instructions": int(instructions), "atomics": int(atomics or 0), "allocations": allocations_in(dump)}
    return {measure: round(total / operations, 1 if measure == "instructions" else 2)
            for measure, total in totals.items()}


def count(binary):
    """The counts of the first thread, per operation, by case."""
    with tempfile.TemporaryDirectory() as folder:
        cases = run(binary, folder)
        return {name: counts_in(pathlib.Path(folder, f"out.{number}-01").read_text(), int(operations))
                for number, (operations, name) in enumerate(cases, 1)}


def has_grown(measure, new, old):
    """Whether a count is beyond what is tolerated."""
    return new > old * GROWTH_MAX and new > old + GROWTH_MIN[measure]


def change(new, old):
    """The difference between two counts, as text."""
    return f"{(new / old - 1) * 100:+.1f} %" if old else f"{new - old:+.2f}"


def compare(counts, accepted):
    """Prints both counts. Returns the names of the cases that grew too much, are new or are gone."""
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
