"""Measures how long it takes to judge the recordings of a fleet, and how much memory: 10, 100 and 1000 hosts.

    python bench/fleet.py                   # or: tox -e bench-fleet -- --hosts 10,100

The recordings are those of the demo under other names, half of them careless hosts, so no host is asked and any user
can run it. Each number of hosts is judged by one process and by one for each core (`-n`), side by side with as many
tests of bare pytest that pass: what pytest itself costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

from timing import CONTROLS, EMPTY_TESTS, head, machine, row, run  # noqa: E402

DEMO = ROOT / "inventories" / "demo"
CORES = os.cpu_count() or 1


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to judge many recorded hosts.")
    parser.add_argument("--hosts", default="10,100,1000", help="numbers of hosts (default: 10,100,1000)")
    given = parser.parse_args()
    names = "one process", "its peak memory", f"{CORES} processes", "one : more", "bare pytest", "one : bare"
    print(machine(), "", head("hosts", *names, "page"), sep="\n", flush=True)
    from selftests.rig import removal

    with removal.temporary() as folder:
        for hosts in map(int, given.hosts.split(",")):
            print(measured(folder / str(hosts), hosts), flush=True)


def measured(folder: Path, hosts: int) -> str:
    """Return the row of the table for this many hosts, whose recordings and reports are in *folder*."""
    record(folder / "answers", hosts)
    (folder / "bare").mkdir()
    (folder / "bare" / "test_bare.py").write_text(EMPTY_TESTS.format(hosts=hosts, controls=CONTROLS))
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    audit = [*pytest, "-m", "cis", f"--hosts=recorded://{folder}/answers"]
    alone = run([*audit, f"--reports={folder}/alone"], ROOT)
    shared = run([*audit, f"--reports={folder}/shared", "-n", str(CORES)], ROOT)
    bare = run([*pytest, f"--junitxml={folder}/bare.xml"], folder / "bare")
    for each in ("alone", "shared"):
        results = json.loads((folder / each / "latest" / "results.json").read_text())["results"]
        if len(results) != CONTROLS * hosts:
            raise SystemExit(f"{len(results)} results, and not {CONTROLS} of each of {hosts} hosts")
    page = (folder / "alone" / "latest" / "audit.html").stat().st_size
    return row(
        hosts,
        *(f"{alone.seconds:.1f} s", f"{alone.peak / 1e6:.0f} MB"),
        *(f"{shared.seconds:.1f} s", f"{alone.seconds / shared.seconds:.1f}"),
        *(f"{bare.seconds:.1f} s", f"{alone.seconds / bare.seconds:.1f}", f"{page / 1e6:.1f} MB"),
    )


def record(folder: Path, hosts: int) -> None:
    """Leave the recordings of this many hosts in *folder*."""
    kinds = [(name, (DEMO / name / "recording.json").read_text()) for name in ("careless", "hardened")]
    for number in range(hosts):
        kind, text = kinds[number % len(kinds)]
        name = f"web{number:04}"
        (folder / name).mkdir(parents=True)
        (folder / name / "recording.json").write_text(text.replace(kind, name))


if __name__ == "__main__":
    main()
