"""Measures how long it takes to judge the recordings of a fleet, and how much memory: 10, 100 and 1000 hosts.

    python bench/fleet.py                   # or: tox -e bench-fleet -- --hosts 10,100

The recordings are those of the demo under other names, half of them careless hosts, so no host is asked and any user
can run it. Each number of hosts is judged by one process and by one for each core (`-n`), side by side with a loop of
bare tests that pass, as many as there are results: what pytest itself costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

from local import Runs, Timing, machine  # noqa: E402

DEMO = ROOT / "inventories" / "demo"
CONTROLS = 118
BARE = """
import pytest

@pytest.mark.parametrize("host", range({hosts}))
@pytest.mark.parametrize("control", range({controls}))
def test_it(control, host):
    pass
"""
HEAD = "| hosts | one process | its peak memory | {cores} processes | peak memory of one | bare pytest | audit : bare |"


@dataclass(frozen=True)
class Measurement:
    """What was measured with one number of hosts."""

    hosts: int
    alone: Timing
    shared: Timing
    bare: Timing

    def row(self) -> str:
        """A line of the table."""
        cells = (
            f"{self.hosts}",
            *(f"{self.alone.seconds:.1f} s", f"{self.alone.peak / 1e6:.0f} MB"),
            *(f"{self.shared.seconds:.1f} s", f"{self.shared.peak / 1e6:.0f} MB"),
            *(f"{self.bare.seconds:.1f} s", f"{self.alone.seconds / self.bare.seconds:.1f}"),
        )
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure how long it takes to judge many recorded hosts.")
    parser.add_argument("--hosts", default="10,100,1000", help="numbers of hosts (default: 10,100,1000)")
    given = parser.parse_args()
    where = machine()
    print(
        "{date}: {cores} cores, {memory_gib} GiB, Python {python}, Linux {kernel}".format(**where),
        "",
        sep="\n",
    )
    print(HEAD.format(cores=where["cores"]), "|--:" * HEAD.count(" | ") + "|--:|", sep="\n")
    from selftests.rig import removal

    with removal.temporary() as folder:
        for hosts in map(int, given.hosts.split(",")):
            print(measure(folder / str(hosts), hosts).row(), flush=True)


def measure(folder: Path, hosts: int) -> Measurement:
    """Judge this many hosts, whose recordings and reports are in *folder*."""
    record(folder / "answers", hosts)
    (folder / "bare").mkdir()
    (folder / "bare" / "test_bare.py").write_text(BARE.format(hosts=hosts, controls=CONTROLS))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = Runs(environment, limit=3600)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    audit = [*pytest, "-m", "cis", f"--hosts=recorded://{folder}/answers"]
    spread = ["-n", str(os.cpu_count())]
    timings = (
        run([*audit, f"--reports={folder}/alone"], ROOT),
        run([*audit, f"--reports={folder}/shared", *spread], ROOT),
        run([*pytest, f"--junitxml={folder}/bare.xml"], folder / "bare"),
    )
    for each in ("alone", "shared"):
        document = json.loads((folder / each / "latest" / "results.json").read_text())
        if len(document["results"]) != CONTROLS * hosts:
            raise SystemExit(
                f"{len(document['results'])} results, and not {CONTROLS} of each of {hosts} hosts"
            )
    return Measurement(hosts, *timings)


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
