"""Measures an audit of many hosts over SSH, beside the same script pushed to them by plain `ssh`.

As root, in an environment in which hullcheck is installed:

    python bench/ssh.py                     # or: tox -e bench-ssh -- --hosts 50 --jobs 50

Each host is an ssh server of this machine, behind a link on which every packet takes `--distance` milliseconds each
way. The servers and their clients have a network namespace each, so no packet leaves the machine. A real host has a
processor of its own, and these have to share ours. So they do not run the script: each sleeps for as long as it may
take (`--seconds`) and then gives the answer that this machine gave once. With `--run` they run it after all.

The audit is timed from its start to the written files. What it is compared with is `xargs -P JOBS`, which pipes the
script into `ssh HOST /bin/sh -s` and keeps what comes back.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the laboratory is not installed with hullcheck

from timing import head, machine, row  # noqa: E402

from hullcheck.recording import Recording  # noqa: E402

if TYPE_CHECKING:
    from selftests.rig.hosts.sshd import SshServer
    from selftests.rig.laboratory import Laboratory

NEAR, FAR = "10.215.250.1", "10.215.250.2"
PATIENT = ("--target-timeout=900", "--probe-timeout=300")  # where many scripts share the cores of one machine
HEAD = (
    "hosts",
    "at a time",
    "plain `ssh`",
    "answers are here",
    "whole audit",
    "answers : plain",
    "audit : plain",
)


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    from selftests.rig.laboratory import Laboratory, obstacle

    if reason := obstacle():
        raise SystemExit(f"no hosts can be made here: {reason}")
    laboratory = Laboratory()
    try:
        found = measure(laboratory, options)
    finally:
        laboratory.close()
    print(machine(), "", head(*HEAD), found, sep="\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure an audit of many hosts over SSH.")
    add = parser.add_argument
    add("--hosts", type=int, default=50, metavar="N", help="default: 50")
    add("--jobs", type=int, default=50, metavar="N", help="how many are asked at a time (default: 50)")
    add("--distance", type=float, default=25, metavar="MS", help="of a packet, each way (default: 25)")
    add("--seconds", type=float, default=1, metavar="S", help="until a host answers (default: 1)")
    add("--run", action="store_true", help="let every host run the script, all on this machine")
    add("--repeat", type=int, default=3, metavar="N", help="the best of N runs counts (default: 3)")
    return parser.parse_args()


def measure(laboratory: Laboratory, options: argparse.Namespace) -> str:
    """Make the hosts, take both ways to ask them in turn, and return the row of the table."""
    folder = laboratory.root
    script, answer = folder / "probe.sh", folder / "answer"
    _call(["hullcheck", "probe-script", "--probe-timeout=300"], output=script)
    _call(["/bin/sh", str(script)], output=answer)
    with _link(laboratory, options.distance) as (near, far):
        command = {} if options.run else {"ForceCommand": f"sleep {options.seconds}; cat {answer}"}
        hosts = [_host(laboratory, 2200 + number, far, command) for number in range(options.hosts)]
        plain, gathered, audits = [], [], []
        for number in range(options.repeat):
            print(f"round {number + 1}", file=sys.stderr)
            plain.append(_plain(near, hosts, script, options.jobs))
            one, whole = _audit(near, hosts, folder / f"reports-{number}", options.jobs)
            gathered.append(one)
            audits.append(whole)
        for each in hosts:
            each.down()
    times = min(plain), min(gathered), min(audits)
    ratios = (f"{each / times[0]:.1f}" for each in times[1:])
    return row(options.hosts, options.jobs, *(f"{each:.1f} s" for each in times), *ratios)


@contextmanager
def _link(laboratory: Laboratory, milliseconds: float) -> Iterator[tuple[str, str]]:
    """Two network namespaces with a long link between them: that of the clients, and that of the servers."""
    from selftests.rig.hosts import distance
    from selftests.rig.shell import call
    from selftests.rig.waiting import until

    near, far, device = (laboratory.name() for _ in range(3))
    for each in (near, far):
        laboratory.namespace(each)
    ready = laboratory.root / device
    argv = [sys.executable, distance.__file__, device, f"{device}f", str(milliseconds), str(ready)]
    process = subprocess.Popen(["nsenter", f"--net=/run/netns/{near}", *argv], start_new_session=True)
    laboratory.note_process(process.pid)
    try:
        until(ready.exists, "the long link is not laid")
        call("ip", "-n", near, "link", "set", f"{device}f", "netns", far)
        for namespace, name, here, there in ((near, device, NEAR, FAR), (far, f"{device}f", FAR, NEAR)):
            call("ip", "-n", namespace, "address", "add", here, "peer", there, "dev", name)
            call("ip", "-n", namespace, "link", "set", name, "up")
        yield near, far
    finally:
        process.terminate()
        process.wait()


def _host(laboratory: Laboratory, port: int, namespace: str, settings: Mapping[str, str]) -> SshServer:
    from selftests.rig.hosts.sshd import SshServer

    many = {"PerSourcePenalties": "no", "MaxStartups": "200:30:400"}
    return SshServer(laboratory, port, address=FAR, netns=namespace, **many, **settings)


def _plain(namespace: str, hosts: Sequence[SshServer], script: Path, jobs: int) -> float:
    """How long it takes to push the script by plain ssh; every answer has to be there."""
    ask = 'ssh -o BatchMode=yes -F "$1" box /bin/sh -s <"$2" >"$1.answer"'
    argv = ["xargs", "-P", str(jobs), "-I", "CONFIG", "sh", "-c", ask, "ask", "CONFIG", str(script)]
    names = "".join(f"{each.config}\n" for each in hosts)
    begin = time.monotonic()
    subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", *argv], input=names.encode(), check=True)
    seconds = time.monotonic() - begin
    empty = [each.port for each in hosts if not Path(f"{each.config}.answer").stat().st_size]
    if empty:
        raise SystemExit(f"{len(empty)} of {len(hosts)} hosts gave no answer to plain ssh")
    return seconds


def _audit(namespace: str, hosts: Sequence[SshServer], reports: Path, jobs: int) -> tuple[float, float]:
    """How long the audit takes to gather, and in all; every host has to be judged."""
    inventory = reports.with_suffix(".json")
    targets = {f"h{each.port}": {"connect": f"ssh://box?ssh_config={each.config}"} for each in hosts}
    inventory.write_text(json.dumps({"targets": targets}))
    argv = [sys.executable, "-m", "pytest", "-m", "cis", f"--inventory={inventory}", f"--gather-jobs={jobs}"]
    environment = {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.monotonic()
    done = subprocess.run(
        ["nsenter", f"--net=/run/netns/{namespace}", *argv, *PATIENT, f"--reports={reports}"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begin
    files = list((reports / "latest").glob("h*/recording.json"))
    recordings = [Recording.load(each.parent, ()) for each in files]
    if len(recordings) < len(hosts) or any(each.failure for each in recordings):
        raise SystemExit(f"not every host was audited:\n{done.stdout[:2000]}{done.stderr[:2000]}")
    return max(each.stat().st_mtime for each in files) - min(each.asked for each in recordings), seconds


def _call(argv: Sequence[str], *, output: Path) -> None:
    with output.open("wb") as file:
        subprocess.run(argv, stdout=file, stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
