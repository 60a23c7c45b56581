"""Measures an audit of this machine with 0 and 100 containers, beside docker-bench-security and empty tests.

As root, in an environment in which hullcheck is installed:

    python bench/local.py --docker-bench PATH       # or: tox -e bench -- --docker-bench PATH

PATH is a checkout of docker/docker-bench-security; without it that comparison is left out. The containers run in an
engine of the measurement's own, in a network namespace of its own, which is removed at the end. A time is the best
of several runs, which are taken in turn; docker-bench-security runs once.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

from timing import CONTROLS, EMPTY_TESTS, Timing, head, machine, row, run  # noqa: E402

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

HEAD = (
    *("containers", "audit", "its processor time", "its peak memory"),
    *("docker-bench-security", "docker-bench : audit", "118 empty tests", "audit : empty tests"),
)


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory, obstacle

    if reason := obstacle():
        raise SystemExit(f"nothing to measure without an engine: {reason}")
    laboratory = Laboratory()
    try:
        engine = Engine(laboratory)
        engine.start()
        print(machine(), "", head(*HEAD), sep="\n", flush=True)
        for containers in sorted(map(int, options.containers.split(","))):
            fill(engine, containers, options.images)
            print(measured(engine, containers, options), flush=True)
        engine.down()
    finally:
        laboratory.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an audit of this machine.")
    add = parser.add_argument
    add("--docker-bench", type=Path, metavar="PATH", help="a checkout of docker/docker-bench-security")
    add("--images", type=int, default=50, metavar="N", help="beside that of the containers (default: 50)")
    add("--containers", default="0,100", metavar="N,N", help="default: 0,100")
    add("--repeat", type=int, default=5, metavar="N", help="the best of N runs counts (default: 5)")
    options = parser.parse_args()
    script = options.docker_bench and options.docker_bench / "docker-bench-security.sh"
    if script and not script.is_file():
        parser.error(f"{script} is not there: clone docker/docker-bench-security and name the clone")
    return options


def fill(engine: Engine, containers: int, images: int) -> None:
    """Have this many containers run in the engine, and this many more images be in it."""
    archive = engine.lab.root / "bb.tar"
    there = len(engine.docker("image", "ls", "--quiet").split()) - 1
    for number in range(there, images):
        engine.import_image(archive, f"image:{number}", f"LABEL number={number}")
    present = len(engine.docker("ps", "--quiet").split())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: engine.run(f"c{number}"), range(present, containers)))


def measured(engine: Engine, containers: int, options: argparse.Namespace) -> str:
    """Return the row of the table for the containers that there are."""
    from selftests.rig import removal

    with removal.temporary() as folder:
        (folder / "test_empty.py").write_text(EMPTY_TESTS.format(hosts=1, controls=CONTROLS))
        pytest = [sys.executable, "-m", "pytest"]
        kept = ["-o", f"cache_dir={folder}/cache"]  # of a run: which images were read
        audit = [*pytest, "-m", "cis", "--hosts=local://", f"--reports={folder}/reports", *kept]
        audits, empty = list[Timing](), list[Timing]()
        for _ in range(options.repeat + 1):  # the first reads what is in the images
            audits.append(run(audit, ROOT, engine.environment))
            empty.append(run([*pytest, f"--junitxml={folder}/empty.xml"], folder))
        _require_reports(folder / "reports", containers)
        best, bare = (min(times[1:], key=lambda each: each.seconds) for times in (audits, empty))
        bench, ratio = "", ""
        if options.docker_bench:
            copy = folder / "docker-bench"  # it writes into its own folder
            shutil.copytree(options.docker_bench, copy, ignore=shutil.ignore_patterns(".git"))
            taken = run(["sh", "docker-bench-security.sh", "-b"], copy, engine.environment).seconds
            bench, ratio = f"{taken:.1f} s", f"{taken / best.seconds:.0f}"
    own = f"{best.seconds:.2f} s", f"{best.processor:.2f} s", f"{best.peak / 1e6:.0f} MB"
    return row(containers, *own, bench, ratio, f"{bare.seconds:.2f} s", f"{best.seconds / bare.seconds:.1f}")


def _require_reports(reports: Path, containers: int) -> None:
    """An audit that did not see the containers, or wrote nothing, is not worth a figure."""
    latest = reports / "latest"
    if missing := [name for name in ("results.json", "junit.xml") if not (latest / name).is_file()]:
        raise SystemExit(f"the audit did not write {missing[0]}")
    document = json.loads((latest / "results.json").read_text())
    seen = {finding["subject"] for result in document["results"] for finding in result["findings"]}
    if unseen := {f"c{number}" for number in range(containers)} - seen:
        raise SystemExit(f"the audit says nothing of {len(unseen)} of {containers} containers")


if __name__ == "__main__":
    main()
