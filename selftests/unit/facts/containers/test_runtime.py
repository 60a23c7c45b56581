"""What the kernel counted, since when a container has been running, who started it, and where it has written."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from hullcheck.data.labels import FILES, FOLDER, PROJECT, SERVICE
from hullcheck.facts import PROBES, Facts, registry
from hullcheck.facts.containers import Container
from hullcheck.facts.containers.changes import CHANGES
from hullcheck.facts.containers.composed import Composed
from hullcheck.facts.containers.inspect import labels_kept
from hullcheck.facts.containers.probe import CONTAINERS
from hullcheck.parsing.proc import cgroups
from hullcheck.policy import Policy
from hullcheck.recording.probe import TIMED_OUT, Answer
from hullcheck.verdicts import EvidenceError
from selftests.kit.cases import recorded
from selftests.unit.recording.test_script import each_shell


def container(name: str = "web", change: Callable[[str], str] = str, *others: Answer) -> Container:
    """A recorded container, where the answer is changed, in which @ID is its id, and there are *others*."""
    recording = recorded("userns-26.1")
    found: Container = dict(Facts(recording, Policy()).container)[name]
    answer = recording.answers[CONTAINERS.name]
    answer = replace(answer, stdout=CONTAINERS.keep(change(answer.stdout).replace("@ID", found.id)))
    answers = {each.name: each for each in (*recording.answers.values(), answer, *others)}
    changed: Container = dict(Facts(replace(recording, answers=answers), Policy()).container)[name]
    return changed


def counted(*files: str, name: str = "web") -> Container:
    """The container with these files of control groups."""
    lines = "".join(f"/sys/fs/cgroup/{file.replace(' ', '/docker/@ID/')}\n" for file in files)
    return container(name, lambda text: text.replace("\n--paths\n", f"\n{lines}--paths\n"))


@pytest.mark.parametrize(
    ("files", "memory", "pids"),
    [
        ([], None, None),
        (["memory memory.peak:3", "memory memory.current:2", "pids pids.current:5", "pids pids.peak:7"], 3, 7),
        (["memory memory.current:2", "pids pids.current:5", "memory memory.max_usage_in_bytes:4"], 4, 5),
        (["memory memory.current:2"], 2, None),
        (["memory/docker/memory.peak:9", "pids/docker/pids.peak:9"], None, None),
    ],
)
def test_what_the_kernel_counted(files: list[str], memory: int | None, pids: int | None) -> None:
    """The peak, or else what there is now, of the container's own group alone; damage is an error."""
    runtime, stopped = counted(*files).runtime, counted(*files, name="created").runtime
    assert (runtime.peak_memory, runtime.peak_pids, stopped.peak_memory) == (memory, pids, None)
    with pytest.raises(EvidenceError, match="'lots'"):
        _ = counted("memory memory.peak:lots").runtime.peak_memory
    below, files_of = "/x/libpod-ab.scope/init.scope", {"/x/libpod-ab.scope": "9", "/x/libpod-ab.scope/init.scope": "2"}
    read = {f"/sys/fs/cgroup{group}/pids.peak": (count,) for group, count in files_of.items()}
    assert cgroups.peak("pids", [f"0::{below}"], read, "ab") == 9  # of the group that has the id in its name


def test_age() -> None:
    """It is counted to the time of the recording; without a time, or while it does not run, it is unknown."""

    def since(time: str, name: str = "web") -> Container:
        return container(name, lambda text: text.replace('"State":{', f'"State":{{"StartedAt":"{time}",'))

    web = since("2026-06-30T12:00:00.5Z")
    assert (web.started_at, web.age(1_782_820_860.5), web.age(0)) == (1_782_820_800.5, 60, 0)
    assert since("2026-06-30T12:00:00Z", "created").age(1_782_820_860) is None
    for unknown in (container(), since("0001-01-01T00:00:00Z"), since("yesterday")):
        assert (unknown.started_at, unknown.age(1_782_820_860)) == (None, None)


NAMED, SHOP, ID = {PROJECT: "shop", SERVICE: "web"}, Composed("shop", "web", (), ""), "ab" * 32


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({FILES: "/s/a.yml,,b,/s/c", FOLDER: "/s,x"}, Composed("shop", "web", ("/s/a.yml", "/s/c"), "/s,x")),
        *(({PROJECT: name}, None) for name in ("", "shop\n", "s" * 256)),
        *(({SERVICE: name}, None) for name in (None, "web\x1b", "w" * 256)),
        *(({FILES: path, FOLDER: path}, SHOP) for path in ("/a\nb", "/\x1b", "/\u202e", "/" + 4096 * "a", "a")),
    ],
)
def test_project_of_a_container(labels: dict[str, str | None], expected: Composed | None) -> None:
    """What is no name or no path is not believed, whether it is in a recording or from an engine, which keeps none."""
    kept = labels_kept(NAMED | labels | {"other": "/s"})
    assert Composed.read(NAMED | labels) == Composed.read(kept) == expected
    assert (kept["other"], bool(kept.get(FOLDER))) == (None, bool(expected and expected.folder))
    web = container(change=lambda text: text.replace('{"tag":null}', json.dumps(NAMED | labels)))
    assert (web.composed, container().composed) == (expected, None)


STUBS = """export LC_ALL=C engine_socket=%s; ids() { echo one; }; documents() { cat documents; }
api() { echo "$1" >>asked; cat answer; }
docker() { echo "$2" >>asked; ! grep -x Error lines && cat lines; }
"""


@each_shell
@pytest.mark.parametrize("socket", ["", "/socket"])
@pytest.mark.parametrize(
    ("changes", "folders"),
    [
        ([], "\t."),
        (["Error"], None),
        (["C /etc", "C /etc/hosts"], "\t/etc\t."),
        (["C /etc", "A /etc/a", "D /etc/b", "A /x", "A /data", "A /data/deep"], "\t/etc\t/\t."),
        (["A /ä {b}/c/d/e/f", 'A /a/b"c/d', "A /e\\f/g/h", "A /a\x7f/b/c"], "\t/ä {b}/c/d\t/a\t/\t."),
        ([f"A /{number}/x" for number in range(60)], "".join(f"\t/{number}" for number in range(50)) + "\t."),
    ],
)
def test_changes(shell: Sequence[str], tmp_path: Path, socket: str, changes: Sequence[str], folders: str) -> None:
    """A folder is not named for what changed below it or was mounted, nor a strange or deep one; few are asked."""
    document = {"Id": ID, "State": {"Running": True, "Pid": 7, "x": 0}, "HostConfig": {"ReadonlyRootfs": False}}
    others = [
        document | {"State": {"Running": False, "Pid": 7, "x": 0}},
        document | {"HostConfig": {"ReadonlyRootfs": True}},
    ]
    asked = 101 if not changes and shell == ("dash",) else 1
    found = [{"Path": each[2:], "Kind": "CAD".index(each[0])} for each in changes if folders]
    texts = {
        "documents": "\n".join(json.dumps(each, separators=(",", ":")) for each in (*others, *[document] * asked)),
        "answer": json.dumps(found if folders else {"message": "no"}, ensure_ascii=False),
        "lines": "\n".join(changes),
        "mounts": "1 2 0:3 / /data/deep rw - tmpfs tmpfs rw",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(f"{text}\n" if text else "")
    script = STUBS % socket + CHANGES.script.replace("/proc/$pid/mountinfo", "mounts")
    done = subprocess.run([*shell, "-c", script], cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert {*done.splitlines()} == ({ID + folders} if folders else set())
    assert (CHANGES.keep(done), len((tmp_path / "asked").read_text().split())) == (done, min(asked, 100))


def test_written_paths() -> None:
    """They are sorted; a line that is cut off, or another one, tells nothing; it is asked only by an option."""
    web, said = (
        container(),
        {"\t/s\t/e\t.": ("/e", "/s"), "\t.": (), "\t/e\t/s": None, "\t/\x1b\t.": None, "\tx\t.": None},
    )
    for line, expected in said.items():
        answer = Answer(CHANGES.name, TIMED_OUT, CHANGES.keep(f"{ID}\t/e\t.\n{web.id}{line}"), "")
        assert container("web", str, answer).written_paths == expected
    assert (web.written_paths, {*registry.probes(optional=True)} - {*PROBES}) == (None, {CHANGES})
    assert CHANGES.name not in registry.evidence_of(["container"], "host")
