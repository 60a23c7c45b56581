"""Podman behind the docker command: what it answers is judged, against the process that serves its socket."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from selftests.kit.judging import facts_of_engine, judged
from selftests.kit.running import Project
from selftests.lab.judgement import verdicts
from selftests.rig.shell import call
from selftests.rig.waiting import until

if TYPE_CHECKING:
    from selftests.rig.engines.engine import Engine

pytestmark = [pytest.mark.lab, pytest.mark.needs("podman")]

TIGHT = (
    "--read-only --cap-drop ALL --security-opt no-new-privileges --user 1000 --memory 64m --cpus 0.5 --pids-limit 50"
)
CASES = {
    "plain": "",
    "tight": TIGHT,
    "privileged": "--privileged",
    "network": "--network host",
    "processes": "--pid host",
    "memory": "--ipc host",
    "names": "--uts host",
    "etc": "-v /etc:/x:ro",
    "socket": "-v {place}/p.sock:/x",
    "shared": "-v {place}/shared:/x:rshared",
    "device": "--device /dev/kmsg",
    "filter": "--security-opt seccomp=unconfined",
    "own-network": "--network own",
}
FAILING = {
    "5.5": {"privileged"},
    "5.6": {"etc"},
    "5.10": {"network"},
    "5.11": {*CASES} - {"tight"},
    "5.13": {*CASES} - {"tight"},
    "5.16": {"processes"},
    "5.17": {"memory"},
    "5.18": {"privileged", "device"},
    "5.20": {"shared"},
    "5.21": {"names"},
    "5.22": {"privileged", "filter"},
    "5.30": {*CASES} - {"network", "own-network"},
    "5.32": {"socket"},
}


@contextmanager
def podman(one: Engine, folder: Path) -> Iterator[list[str]]:
    """Podman in the network of an engine, with its files in *folder*; yields the command."""
    for name in ("net", "tmp"):
        (folder / name).mkdir(parents=True)
    own = [
        *("nsenter", f"--net=/run/netns/{one.netns}", str(shutil.which("podman"))),
        *("--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp"),
        *("--network-config-dir", f"{folder}/net", "--cgroup-manager=cgroupfs", "--runtime", "runc"),
        *("--storage-driver", "vfs", "--events-backend", "none"),
    ]
    try:
        yield own
    finally:
        for words in (("rm", "--all", "--force", "--time", "0"), ("system", "reset", "--force")):
            subprocess.run([*own, *words], capture_output=True, check=False)


def test_containers_of_podman(engine: Callable[..., Engine]) -> None:
    """Section 5: each option fails where it fails with Docker; of what Podman has not the reason says so."""
    one = engine()
    socket, place = one.directory / "p.sock", one.directory
    (place / "shared").mkdir()
    with podman(one, place / "podman") as own:
        service = subprocess.Popen(
            [*own, *["system", "service", "--time", "0"], f"unix://{socket}"], stderr=subprocess.DEVNULL
        )
        one.lab.note_process(service.pid)
        try:
            until(socket.exists, "podman serves no socket", 30)
            docker = ("docker", "--config", str(place), "--host", f"unix://{socket}")
            call(*docker, "import", str(one.lab.root / "bb.tar"), "bb:1")
            call(*docker, "network", "create", "own")
            for name, options in CASES.items():
                words = shlex.split(options.format(place=place))
                call(*docker, "run", "-d", "--name", name, *words, "bb:1", "sleep", "9999")
            facts = facts_of_engine(socket, of="4.8 5")
        finally:
            service.terminate()
            service.wait()
    found = {number: verdicts(number, facts) for number in (*FAILING, "5.19")}
    for number, names in FAILING.items():
        assert {name for name, verdict in found[number].items() if verdict == "fail"} == names, number
    assert all("those of Podman are not read" in reason for _, reason in judged("4.8", facts).values())
    assert set(found["5.19"].values()) == {"not applicable"}
    assert found["5.22"]["tight"] == "pass"
    assert {found[number]["tight"] for number in FAILING} - {"error"} == {"pass", "fail", "not applicable"}


def test_podman_target(engine: Callable[..., Engine], suite: Project) -> None:
    """podman://NAME is judged as docker://NAME, and nothing is left in the container."""
    one = engine()
    with podman(one, one.directory / "podman") as own:
        suite.command("podman", f'exec {" ".join(own)} "$@"')
        call(*own, "import", str(one.lab.root / "bb.tar"), "bb:1")
        start = (*own, "run", "--detach", "--network", "none", "--name")
        for name, options in {"plain": "", "good": TIGHT}.items():
            call(*start, name, *options.split(), "localhost/bb:1", "sleep", "9999")
        run = suite.pytest("-m", "cis", "--hosts", "podman://plain,podman://good")
        for name in ("plain", "good"):
            assert call(*own, "top", name, "args").split() == ["COMMAND", "sleep", "9999"]
    assert run.results["targets"]["good"]["kind"] == "container"
    for key in ("container_user_is_not_root", "container_gains_no_privileges", "container_root_is_read_only"):
        assert (run.verdicts[f"{key}@good"], run.verdicts[f"{key}@plain"]) == ("pass", "fail")
