"""Gathering: all targets at a time, each with a recording, none that can stop the others."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hullcheck import gather as gathering
from hullcheck.gather import arriving, processes, script_for
from hullcheck.gather.transport import Connection, Reply
from hullcheck.inventory import Target
from hullcheck.recording import Recording
from hullcheck.recording.probe import MOST, TIMED_OUT, Probe
from hullcheck.recording.script import UNREADABLE
from hullcheck.verdicts import EvidenceError
from selftests.rig.waiting import until

PROBES = (Probe("one", "echo 1"),)


def test_recording_is_read_again(tmp_path: Path) -> None:
    """It has the name of the target, and else what it had."""
    Recording("x", "ssh", {}, {}, 5.0).save(tmp_path)
    (recording,) = arriving([Target("old", f"recorded://{tmp_path}")], PROBES, Connection())
    assert (recording.target, recording.backend, recording.gathered) == ("old", "ssh", 5.0)


def test_failure_is_kept_and_stops_no_other() -> None:
    """A target that cannot be reached has a recording that says why."""
    targets = [Target("bad", "chroot:///no/such/place"), Target("odd", "nonsense://x"), Target("here", "local://")]
    recordings = {each.target: each for each in arriving(targets, PROBES, Connection())}
    assert recordings["bad"].failure.startswith("chroot:///no/such/place could not be audited: ")
    assert "nonsense" in recordings["odd"].failure
    assert not recordings["here"].failure
    assert recordings["bad"].commands == {"one": "echo 1"}


def test_fault_of_ours_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody thought of neither hangs nor hides the target."""

    def broken(*arguments: Any) -> Reply:
        raise RuntimeError("oh")

    monkeypatch.setattr(gathering, "run_script", broken)
    (recording,) = arriving([Target("here", "local://")], PROBES, Connection())
    assert recording.failure == "internal error while gathering: RuntimeError: oh"


def test_many_targets_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every target of a small fleet is asked at once: each waits here for all others."""
    barrier = threading.Barrier(gathering.JOBS, timeout=20)

    def slow(*arguments: Any) -> Reply:
        barrier.wait()
        return Reply(b"", "")

    monkeypatch.setattr(gathering, "run_script", slow)
    targets = [Target(f"t{number}", "local://") for number in range(gathering.JOBS)]
    assert len(list(arriving(targets, PROBES, Connection()))) == gathering.JOBS


def test_backend_without_a_time_out_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever hangs in a backend, gathering goes on."""
    release = threading.Event()

    def hanging(*arguments: Any) -> Reply:
        release.wait(30)
        return Reply(b"", "")

    monkeypatch.setattr(gathering, "run_script", hanging)
    monkeypatch.setattr(gathering, "_GRACE", 0)
    monkeypatch.setattr(processes, "GRACE", 0)
    start = time.monotonic()
    (recording,) = arriving([Target("web1", "ssh://a:geheim@web1")], PROBES, Connection(timeout=1))
    release.set()
    assert time.monotonic() - start < 5
    assert recording.failure == "ssh://a:***@web1 could not be audited: no answer within 1 s"


@pytest.mark.parametrize("backend", ["ssh", "paramiko"])
def test_configuration_of_ssh_that_is_none_is_not_quoted(backend: str, tmp_path: Path) -> None:
    """A path that leads to a file of secrets prints none of its lines."""
    (tmp_path / "shadow").write_text("root:geheim:19000:0:99999:7:::\ngeheim = geheim\n")
    target = Target("a", f"{backend}://root@127.0.0.1:1?ssh_config={tmp_path}/shadow")
    (recording,) = arriving([target], (), Connection(timeout=20))
    assert "could not be audited" in recording.failure
    assert "geheim" not in recording.failure


def _asked(script: str, *, timeout: int = 60, most: int = MOST) -> Recording:
    probes = (Probe("before", "echo 1"), Probe("one", script, most=most), Probe("after", "echo 2"))
    (recording,) = arriving([Target("here", "local://")], probes, Connection(timeout=timeout))
    return recording


@pytest.mark.parametrize("to", ["", ">&2"], ids=["output", "errors"])
def test_target_that_sends_without_end(monkeypatch: pytest.MonkeyPatch, to: str) -> None:
    """What a target sends is counted before it is kept: too much is an error of the target, that says so."""
    monkeypatch.setattr(processes, "MOST", 2 << 20)
    begin = time.monotonic()
    ended = processes.run(f"cat /dev/zero {to}", 60)
    assert ended.fault == "it sent more than 2 MiB"
    assert len(ended.output + ended.errors) <= 2 << 20
    assert time.monotonic() - begin < 30
    recording = _asked("cat /dev/zero")
    assert recording.failure == "local:// could not be audited: it sent more than 2 MiB"


def test_answer_that_is_too_long() -> None:
    """One answer of more than its probe's bytes is dropped, and is an error of that probe alone."""
    recording = _asked("head -c 2000000 /dev/zero", most=1 << 20)
    assert [each.status for each in recording.answers.values()] == [0, UNREADABLE, 0]
    with pytest.raises(EvidenceError, match="more than 1 MiB"):
        recording.text(Probe("one", ""))


def test_probe_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the last one whose answer has begun."""
    intake = processes.Intake(60, bool)
    monkeypatch.setattr(processes, "_running", {None: intake})
    assert processes.last_probe() == "connecting"
    intake.take(b"n begin host\n1 begin x y\nn end host\nn begin engine\nDocker begin")
    assert processes.last_probe() == "engine"


def test_answers_of_a_target_that_is_out_of_time() -> None:
    """What was answered until then is kept; the rest did not answer in time, and no process is left."""
    recording = _asked("exec sleep 4242", timeout=3)
    assert [each.status for each in recording.answers.values()] == [0, TIMED_OUT, TIMED_OUT]
    assert recording.text(Probe("before", "")) == "1\n"
    until(lambda: not _sleepers())


def test_answers_of_a_target_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the script does not end when it is told to, the complete answers are kept all the same."""
    monkeypatch.setattr(processes, "GRACE", 0.1)
    begun = Probe("docker_version", "docker() { echo 1; }; docker version")
    hanging = Probe("docker_x", "docker() { echo half; sleep 4244; }; docker x")
    targets = [Target("here", "local://")]
    monkeypatch.setattr(processes, "HOLD", b"")
    (recording,) = arriving(targets, (begun, hanging), Connection(timeout=3))
    assert recording.text(begun) == "1\n"
    assert recording.answers["docker_x"].status == TIMED_OUT
    assert "half" not in recording.answers["docker_x"].stdout


def _sleepers() -> list[Path]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == b"sleep\x004242\x00":
                found.append(path)
        except OSError:
            continue
    return found


def test_engine_of_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """docker_host of the inventory wins; DOCKER_HOST is that of this machine; a container gets neither."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///mine")

    def address(connect: str, docker_host: str | None = None) -> str:
        script = script_for(Target("x", connect, docker_host=docker_host), PROBES, 5)
        lines = [line for line in script.splitlines() if line.startswith("export DOCKER_HOST=")]
        return lines[0].partition("=")[2] if lines else ""

    assert address("local://") == "unix:///mine"
    assert address("local://", "unix:///other") == "unix:///other"
    assert address("ssh://web1") == ""
    assert address("ssh://web1", "unix:///other") == "unix:///other"
    assert address("docker://web", "unix:///other") == ""
