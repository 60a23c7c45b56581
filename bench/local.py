"""Measures an audit of this machine with 10, 100 and 300 containers, beside what it is compared with.

As root, in an environment in which hullcheck is installed:

    python bench/local.py --docker-bench PATH       # or: tox -e bench -- --docker-bench PATH

PATH is a checkout of docker/docker-bench-security; without it that comparison is left out. The containers run
in an engine of the measurement's own, in a network namespace of its own, which is removed at the end. Every
time is the best of several runs, which are taken in turn, so that what else the machine does counts least;
docker-bench-security runs once, and at most for the limit.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

PLAIN = "docker info; docker version; docker inspect $(docker ps --all --quiet)"


@dataclass(frozen=True)
class Timing:
    """How long a command took.

    Attributes:
        seconds: wall-clock time; the limit where it was ended there.
        peak: most memory that one of its processes held, in bytes.
        ended: whether it was ended at the limit, so that *seconds* is less than it needs.
    """

    seconds: float
    peak: int
    ended: bool = False


@dataclass(frozen=True)
class Measurement:
    """Everything that was measured with one number of containers; times in seconds, memory in bytes.

    Attributes:
        first_audit: that of the audit that read all images; the others know them.
        before: the same with the checkout of `--before`; None without one.
        load: what the machine did when docker-bench-security started, or would have.
    """

    containers: int
    audit: float
    first_audit: float
    before: float | None
    audit_peak: int
    probe_script: float
    plain_commands: float
    pytest_version: float
    docker_bench: float | None
    docker_bench_ended: bool
    load: float

    @property
    def on_top(self) -> float:
        """What the audit takes beside its probe script."""
        return self.audit - self.probe_script


def main() -> None:
    """Measure, and print a table, the targets and, if asked, JSON."""
    options = _options()
    from selftests.rig.laboratory import Laboratory, obstacle

    if reason := obstacle():
        raise SystemExit(f"nothing to measure without an engine: {reason}")
    laboratory = Laboratory()
    try:
        from selftests.rig.engines.engine import Engine

        engine = Engine(laboratory)
        engine.start()
        measurements = []
        for containers in options.containers:
            fill(engine, containers, options.images)
            measurements.append(measure(engine, containers, options))
            print(f"measured {containers} containers", file=sys.stderr)
        print(report(measurements), flush=True)
        if options.json:
            document = {"machine": machine(), "measurements": [asdict(each) for each in measurements]}
            options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        engine.down()
    finally:
        laboratory.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an audit of this machine.")
    add = parser.add_argument
    add("--docker-bench", type=Path, metavar="PATH", help="a checkout of docker/docker-bench-security")
    add("--before", type=Path, metavar="PATH", help="an older checkout of this project, to compare with")
    add("--images", type=int, default=50, metavar="N", help="beside that of the containers (default: 50)")
    add("--containers", type=_numbers, default=[10, 100, 300], metavar="N,N", help="default: 10,100,300")
    add("--repeat", type=int, default=5, metavar="N", help="the best of N runs counts (default: 5)")
    add("--limit", type=float, default=600, metavar="SECONDS", help="for one run (default: 600)")
    add("--json", type=Path, metavar="PATH", help="write what was measured there as well")
    options = parser.parse_args()
    script = options.docker_bench and options.docker_bench / "docker-bench-security.sh"
    if script and not script.is_file():
        parser.error(f"{script} is not there: clone docker/docker-bench-security and name the clone")
    return options


def _numbers(text: str) -> list[int]:
    return sorted({int(each) for each in text.split(",")})


def fill(engine: Engine, containers: int, images: int) -> None:
    """Have this many containers run in the engine, and this many more images be in it."""
    archive = engine.lab.root / "bb.tar"
    there = len(engine.docker("image", "ls", "--quiet").split()) - 1
    for number in range(there, images):
        engine.import_image(archive, f"image:{number}", f"LABEL number={number}")
    present = len(engine.docker("ps", "--quiet").split())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: engine.run(f"c{number}"), range(present, containers)))


def measure(engine: Engine, containers: int, options: argparse.Namespace) -> Measurement:
    """Run everything that is compared, with the containers that there are."""
    environment = {**os.environ, **engine.environment}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as on a machine where this is not the first run
    from selftests.rig import removal

    with removal.temporary() as folder:
        script = folder / "probe.sh"
        run = Runs(environment, options.limit)
        pytest = [sys.executable, "-m", "pytest"]
        others = {
            "probe_script": ["sh", str(script)],
            "plain_commands": ["sh", "-c", PLAIN],
            "pytest_version": [*pytest, "--version"],
        }
        audits = []
        before = []
        timings: dict[str, list[Timing]] = {name: [] for name in others}
        for number in range(options.repeat):
            reports = folder / f"reports-{number}"
            audit = [*pytest, "-m", "cis", "--hosts=local://"]
            kept = ["-o", f"cache_dir={folder}/cache"]  # of a run: which images were read
            audits.append(run([*audit, f"--reports={reports}", *kept], ROOT))
            _require_reports(reports, containers)
            script.write_text(_script(folder / "cache"))
            if options.before:
                before.append(run([*audit, f"--reports={folder}/before", *kept], options.before))
            for name, argv in others.items():
                timings[name].append(run(argv, folder))
        load = os.getloadavg()[0]
        bench = run(*_docker_bench(options.docker_bench, folder)) if options.docker_bench else None
        return Measurement(
            containers,
            audit=_best(audits),
            first_audit=audits[0].seconds,
            before=_best(before) if before else None,
            audit_peak=max(each.peak for each in audits),
            **{name: _best(each) for name, each in timings.items()},
            docker_bench=bench.seconds if bench else None,
            docker_bench_ended=bool(bench and bench.ended),
            load=load,
        )


def _script(cache: Path) -> str:
    """The probe script as an audit runs it that knows the images."""
    from hullcheck import facts
    from hullcheck.gather import image_cache
    from hullcheck.recording.script import render

    (known,) = cache.rglob("hullcheck-images/*.json")
    return render(facts.PROBES, known_images=image_cache.load(known))


def _docker_bench(checkout: Path, folder: Path) -> tuple[list[str], Path]:
    """How to run docker-bench-security, and where: in a copy, because it writes into its own directory."""
    copy = folder / "docker-bench"
    shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
    return ["sh", "docker-bench-security.sh", "-b"], copy


def _require_reports(reports: Path, containers: int) -> None:
    """An audit that did not see the containers, or wrote nothing, is not worth a figure."""
    for name in ("results.json", "junit.xml", "report.html"):
        if not (reports / "latest" / name).is_file():
            raise SystemExit(f"the audit did not write {name}")
    document = json.loads((reports / "latest" / "results.json").read_text())
    seen = {finding["subject"] for result in document["results"] for finding in result["findings"]}
    missing = {f"c{number}" for number in range(containers)} - seen
    if missing:
        raise SystemExit(f"the audit says nothing of {len(missing)} of {containers} containers")


class Runs:
    """Runs commands and takes their time."""

    def __init__(self, environment: Mapping[str, str], limit: float) -> None:
        self.environment = environment
        self.limit = limit

    def __call__(self, argv: Sequence[str], folder: Path) -> Timing:
        start = time.monotonic()
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ended = False
        while True:
            pid, _, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if not ended and time.monotonic() - start > self.limit:
                os.killpg(process.pid, signal.SIGKILL)
                ended = True
            time.sleep(0.002)
        process.returncode = 0  # it was waited for here, so that its memory is known
        return Timing(time.monotonic() - start, usage.ru_maxrss * 1024, ended)


def _best(timings: Sequence[Timing]) -> float:
    return min(each.seconds for each in timings)


def machine() -> dict[str, str | int]:
    """Where and when this was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(memory / 2**30),
        "python": platform.python_version(),
        "kernel": platform.release().partition("-")[0],
    }


_HEAD = (
    *("containers", "whole audit", "first audit", "before", "peak memory"),
    *("probe script", "plain docker commands"),
    *("audit without the script", "`pytest --version`", "docker-bench-security"),
    *("audit : docker-bench", "script : plain", "rest : `--version`", "load"),
)


def report(measurements: Sequence[Measurement]) -> str:
    """The figures as a table in Markdown, what a further container costs, and which targets are met."""
    where = machine()
    lines = [
        "{date}: {cores} cores, {memory_gib} GiB, Python {python}, Linux {kernel}".format(**where),
        "",
        "| " + " | ".join(_HEAD) + " |",
        "|" + "--:|" * len(_HEAD),
    ]
    lines += map(_row, measurements)
    for before, after in itertools.pairwise(measurements):
        more = after.containers - before.containers
        audit = 1000 * (after.audit - before.audit) / more
        script = 1000 * (after.probe_script - before.probe_script) / more
        step = f"From {before.containers} to {after.containers}, a further container costs"
        lines += ["", f"{step} {audit:.1f} ms in the audit, of which {script:.1f} ms in the script."]
    return "\n".join([*lines, "", *_targets(measurements)])


def _row(each: Measurement) -> str:
    bench, ratio = "not measured", ""
    if each.docker_bench is not None:
        sign = "> " if each.docker_bench_ended else ""
        bench, ratio = f"{sign}{each.docker_bench:.0f} s", f"1 : {sign}{each.docker_bench / each.audit:.0f}"
    cells = (
        str(each.containers),
        f"{each.audit:.2f} s",
        f"{each.first_audit:.2f} s",
        "not measured" if each.before is None else f"{each.before:.2f} s",
        f"{each.audit_peak / 1e6:.0f} MB",
        f"{each.probe_script:.2f} s",
        f"{each.plain_commands:.2f} s",
        f"{each.on_top:.2f} s",
        f"{each.pytest_version:.2f} s",
        bench,
        ratio,
        f"{each.probe_script / each.plain_commands:.1f}",
        f"{each.on_top / each.pytest_version:.1f}",
        f"{each.load:.1f}",
    )
    return "| " + " | ".join(cells) + " |"


def _targets(measurements: Sequence[Measurement]) -> list[str]:
    """Each target, the worst of what was measured for it, and whether it is met."""
    at_least_100 = [each for each in measurements if each.containers >= 100]
    bench = [each.docker_bench / each.audit for each in at_least_100 if each.docker_bench is not None]
    steps = [
        1000 * (after.audit - before.audit) / (after.containers - before.containers)
        for before, after in itertools.pairwise(measurements)
    ]
    script = [each.probe_script / each.plain_commands for each in measurements]
    older = [each.audit / each.before for each in measurements if each.before]
    rest = [each.on_top / each.pytest_version for each in measurements]
    peak = [each.audit_peak / 1e6 for each in measurements]
    return [
        _at_least("audit at most 1/100 of docker-bench-security from 100 containers (1 : n)", bench, 100),
        _at_most("at most 1.5 times the time of the older checkout", older, 1.5),
        _at_most("script at most 3 times the plain commands", script, 3),
        _at_most("the rest at most 5 times `pytest --version`", rest, 5),
        _at_most("a further container at most 5 ms", steps, 5, " ms"),
        _at_most("peak memory below 200 MB", peak, 200, " MB"),
    ]


def _at_least(what: str, values: Sequence[float], limit: float) -> str:
    return _target(what, min(values, default=None), unit="", met=bool(values) and min(values) >= limit)


def _at_most(what: str, values: Sequence[float], limit: float, unit: str = "") -> str:
    return _target(what, max(values, default=None), unit=unit, met=bool(values) and max(values) <= limit)


def _target(what: str, worst: float | None, *, unit: str, met: bool) -> str:
    if worst is None:
        return f"- {what}: not measured"
    return f"- {what}: {'met' if met else 'MISSED'} ({worst:.1f}{unit})"


if __name__ == "__main__":
    main()
