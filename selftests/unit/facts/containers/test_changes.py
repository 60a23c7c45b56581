"""The folders in which containers have written, from `docker diff`."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.facts import PROBES, Facts, registry
from hullcheck.facts.containers.changes import CHANGES
from hullcheck.policy import Policy
from hullcheck.recording.probe import TIMED_OUT, Answer
from hullcheck.recording.script import render
from selftests.kit.cases import recorded
from selftests.unit.facts.containers.test_runtime import container
from selftests.unit.recording.test_script import each_shell

ID, FAILURE = "ab" * 32, "Error: no such container"
STUBS = """
export LC_ALL=C
ids() { echo one; }
documents() { cat documents; }
api() { echo "$1" >>asked; cat answer; }
docker() { echo "$2" >>asked; ! grep -x "Error.*" lines && cat lines; }
engine_socket=%s
"""


def written(shell: Sequence[str], folder: Path, changes: Sequence[str], socket: str = "", running: int = 1) -> str:
    """What the probe says if one container has these *changes*, by the command or by a *socket*."""
    state = {"Running": True, "Pid": 7, "ExitCode": 0}
    document = {"Id": ID, "State": state, "HostConfig": {"ReadonlyRootfs": False}}
    others = [document | {"State": state | {"Running": False}}, document | {"HostConfig": {"ReadonlyRootfs": True}}]
    lines = [json.dumps(each, separators=(",", ":")) for each in (*others, *[document] * running)]
    (folder / "documents").write_text("\n".join(lines) + "\n")
    failed = changes[:1] == [FAILURE]
    found = [{"Path": each[2:], "Kind": "CAD".index(each[0])} for each in changes if not failed]
    (folder / "answer").write_text(json.dumps({"message": "no"} if failed else found, ensure_ascii=False) + "\n")
    (folder / "lines").write_text("".join(f"{each}\n" for each in changes))
    (folder / "mounts").write_text("1 2 0:3 / /data/deep rw - tmpfs tmpfs rw\n")
    script = STUBS % socket + CHANGES.script.replace("/proc/$pid/mountinfo", "mounts")
    done = subprocess.run([*shell, "-c", script], cwd=folder, capture_output=True, check=True)
    assert len((folder / "asked").read_text().split()) == min(running, 100)  # and no others
    line, *more = set(done.stdout.decode().splitlines()) or {""}
    assert (more, CHANGES.keep(line)) == ([], line)
    return line.removeprefix(ID)


@each_shell
@pytest.mark.parametrize("socket", ["", "/socket"])
@pytest.mark.parametrize(
    ("changes", "folders"),
    [
        ([], ""),
        (["C /etc", "C /etc/hosts"], "/etc"),
        (["C /etc", "A /etc/a", "D /etc/b", "A /x"], "/etc\t/"),
        (["A /data", "A /data/deep", "A /data/other"], "/data"),
        (["A /ä {b}/c/d/e/f"], "/ä {b}/c/d"),
        (['A /a/b"c/d', "A /e\\f/g/h", "A /a\x7f/b/c"], "/a\t/"),
        ([f"A /{number}/x" for number in range(60)], "\t".join(f"/{number}" for number in range(50))),
    ],
)
def test_folders(shell: Sequence[str], tmp_path: Path, socket: str, changes: Sequence[str], folders: str) -> None:
    """Of what was written; a folder is not named for what changed below it, nor a strange or deep one at all."""
    assert written(shell, tmp_path, changes, socket) == (f"\t{folders}\t." if folders else "\t.")


@pytest.mark.parametrize("socket", ["", "/socket"])
def test_engine_that_does_not_say(tmp_path: Path, socket: str) -> None:
    """Then it is unknown, and not nothing."""
    assert written(("sh",), tmp_path, [FAILURE], socket) == ""


def test_many_containers(tmp_path: Path) -> None:
    """Not more than a hundred are asked for."""
    assert written(("sh",), tmp_path, [], running=101) == "\t."


# ---- the fact


def target(said: str | None, status: int = 0) -> Facts:
    """A recorded host, asked for changes or not."""
    recording = recorded("userns-26.1")
    answers = {} if said is None else {CHANGES.name: Answer(CHANGES.name, status, CHANGES.keep(said), "")}
    return Facts(replace(recording, answers={**recording.answers, **answers}), Policy())


def test_fact() -> None:
    """Folders are sorted; a line that is cut off, or another one, tells nothing; who was not asked has none."""
    web = container().id
    for said, expected in {
        f"{web}\t/srv\t/etc\t.\n{ID}\t/e": ("/etc", "/srv"),
        f"{web}\t.": (),
        f"{web}\t/etc\t/s": None,
        f"{web}\t/e\x1btc\t.": None,
        f"{web}\tpassword\t.": None,
    }.items():
        assert dict(target(said, TIMED_OUT).container)["web"].written_paths == expected
    assert dict(target(None).container)["web"].written_paths is None


def test_it_is_asked_only_by_option() -> None:
    """Without it the script is the same; no control names the question as its evidence."""
    assert CHANGES not in PROBES
    assert set(registry.probes(optional=True)) - set(PROBES) == {CHANGES}
    assert "/changes" in render(registry.probes(optional=True))
    assert CHANGES.name not in registry.evidence_of(["container"], "host")
