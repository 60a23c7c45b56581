"""Measures the probe script beside plain docker commands: processor seconds, and the programs that are started.

As root, in an environment in which hullcheck is installed, with strace, on a machine that has nothing else to do:

    python bench/script.py

The containers and images are in an engine of the measurement's own, as those of bench/local.py. Processor seconds are
those of user and system of all processes, the best of several runs that are taken in turn. Programs of apt are not
counted: in the script they are replaced by ones that end at once.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck
from local import fill  # noqa: E402

PLAIN = "docker info; docker version; docker inspect $(docker ps --all --quiet)"
STRACE = ("strace", "-f", "-qq", "-z", "--seccomp-bpf", "-e", "trace=execve", "-e", "signal=none")
APT = ("apt-cache", "apt-config", "apt-get")
CURL = "command -v curl"
"""How the script looks for it."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure the probe script beside plain docker commands.")
    parser.add_argument("--containers", type=int, default=100, metavar="N", help="default: 100")
    parser.add_argument("--images", type=int, default=50, metavar="N", help="default: 50")
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="the best of N runs counts (default: 7)")
    options = parser.parse_args()
    from selftests.rig import removal
    from selftests.rig.engines.engine import Engine
    from selftests.rig.laboratory import Laboratory, obstacle

    if reason := obstacle():
        raise SystemExit(f"nothing to measure without an engine: {reason}")
    laboratory = Laboratory()
    try:
        engine = Engine(laboratory)
        engine.start()
        fill(engine, options.containers, options.images)
        with removal.temporary() as folder:
            commands = _commands(folder)
            environment = {**os.environ, **engine.environment, "PATH": f"{folder}/bin:{os.environ['PATH']}"}
            seconds: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(options.repeat):
                for name, command in commands.items():
                    seconds[name].append(_processor_seconds(command, environment))
            programs = {name: _programs(command, environment, folder) for name, command in commands.items()}
        print(f"{options.containers} containers, {options.images} images\n")
        print(_table({name: min(each) for name, each in seconds.items()}, programs))
        engine.down()
    finally:
        laboratory.close()


def _commands(folder: Path) -> dict[str, Sequence[str]]:
    """What is compared, by name; the plain commands come first."""
    from hullcheck import facts
    from hullcheck.recording.script import render

    (folder / "bin").mkdir()
    for name in APT:
        (folder / "bin" / name).write_text("#!/bin/sh\n")
        (folder / "bin" / name).chmod(0o755)
    script = render(facts.PROBES, timeout=300)
    if CURL not in script:
        raise SystemExit(f"the script does not look for curl by {CURL!r} any more")
    (folder / "curl.sh").write_text(script)
    (folder / "docker.sh").write_text(script.replace(CURL, "false"))
    return {
        "plain commands": ("sh", "-c", PLAIN),
        "script, curl": ("sh", f"{folder}/curl.sh"),
        "script, docker command": ("sh", f"{folder}/docker.sh"),
    }


def _start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, env=environment, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
    )


def _processor_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """What a command and all the processes that were waited for below it took."""
    process = _start(command, environment)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it was waited for here
    return usage.ru_utime + usage.ru_stime


def _programs(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> int:
    """Count the programs that a command starts."""
    trace = folder / "trace"
    _start((*STRACE, "-o", str(trace), *command), environment).wait()
    started = re.findall(r' execve\("([^"]*)', trace.read_text(errors="replace"))
    return sum(os.path.basename(each) not in APT for each in started)


def _table(seconds: Mapping[str, float], programs: Mapping[str, int]) -> str:
    """The figures in Markdown, each also as a multiple of that of the first line."""
    lines = ["| | processor | : plain | programs | : plain |", "|---|--:|--:|--:|--:|"]
    plain = next(iter(seconds))
    for name in seconds:
        times, more = seconds[name] / seconds[plain], programs[name] / programs[plain]
        lines.append(f"| {name} | {seconds[name]:.3f} s | {times:.1f} | {programs[name]} | {more:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
