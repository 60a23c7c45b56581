"""Measures what it takes to judge the recordings of a fleet: 10, 100 and 1000 hosts.

    python bench/fleet.py                   # or: tox -e bench-fleet -- --hosts 10,100

The recordings are those of the demo under other names, half of them careless hosts, so no host is asked and any user
can run it. Each number of hosts is judged by one process and by one for each core (`-n`). Processor time is that of all
processes, which other programs on the machine change little; memory is the peak of the largest one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

from local import Runs, machine  # noqa: E402

DEMO = ROOT / "inventories" / "demo"
CONTROLS = 118
HEAD = "| hosts | processes | processor | for each host | wall clock | peak memory of one |"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure what it takes to judge many recorded hosts.")
    parser.add_argument("--hosts", default="10,100,1000", help="numbers of hosts (default: 10,100,1000)")
    given = parser.parse_args()
    where = machine()
    print("{date}: {cores} cores, {memory_gib} GiB, Python {python}, Linux {kernel}\n".format(**where))
    print(HEAD, "|--:" * (HEAD.count("|") - 1) + "|", sep="\n")
    from selftests.rig import removal

    with removal.temporary() as folder:
        for hosts in map(int, given.hosts.split(",")):
            recordings = folder / str(hosts)
            record(recordings, hosts)
            for processes in (1, os.cpu_count() or 1):
                print(measure(recordings, hosts, processes), flush=True)


def measure(recordings: Path, hosts: int, processes: int) -> str:
    """Return a line of the table for this many hosts and processes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    reports = recordings.with_suffix(f".{processes}")
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "cis"]
    argv += [f"--hosts=recorded://{recordings}", f"--reports={reports}"]
    before = os.times()
    timing = Runs(environment, limit=3600)(argv + ["-n", str(processes)] * (processes > 1), ROOT)
    after = os.times()
    document = json.loads((reports / "latest" / "results.json").read_text())
    if len(document["results"]) != CONTROLS * hosts:
        raise SystemExit(f"{len(document['results'])} results, and not {CONTROLS} of each of {hosts} hosts")
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    cells = (
        *(f"{hosts}", f"{processes}", f"{seconds:.1f} s", f"{1000 * seconds / hosts:.0f} ms"),
        *(f"{timing.seconds:.1f} s", f"{timing.peak / 1e6:.0f} MB"),
    )
    return f"| {' | '.join(cells)} |"


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
