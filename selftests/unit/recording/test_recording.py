"""Recordings: redacted before anything is written, private, and read again as they were."""

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.parsing.models import Model, kept_as
from hullcheck.recording import Recording, RecordingError, packed, why_not_a_recording
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import render
from hullcheck.verdicts import EvidenceError


class _Named(Model):
    name: str


SECRETS = Probe("secrets", """printf '{"Name":"web","Env":["PASSWORD=geheim"]}'""", kept_as(_Named))
PLAIN = Probe("plain", r"printf 'a\377\000b'; echo 'to https://user:geheim@proxy' >&2")
CLOCK = Probe("host", "echo --clock; date +%s; echo --end")
PROBES = (SECRETS, PLAIN, CLOCK)


def _output() -> bytes:
    return subprocess.run(["sh", "-c", render(PROBES)], capture_output=True, check=True).stdout


def _recording(output: bytes) -> Recording:
    text = output.decode("utf-8", "surrogateescape")
    return Recording.from_output(text, PROBES, target="web1", backend="ssh", asked=1.0)


def test_saved_and_loaded(tmp_path: Path) -> None:
    """A recording is its owner's alone, has no secrets, and is the same when read again."""
    (tmp_path / "recording.json").write_text("{}")
    recording = _recording(_output())
    path = recording.save(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "geheim" not in json.dumps(json.loads(path.read_text())["answers"])
    assert Recording.load(tmp_path, PROBES) == Recording.load(path, PROBES) == recording
    assert (recording.text(PLAIN), json.loads(recording.text(SECRETS))) == ("a\udcff\0b", {"Name": "web"})


def test_recording_that_could_not_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than what is read is not written: a run says so, and is not taken for whole."""
    monkeypatch.setattr("hullcheck.recording.LARGEST", 500)
    with pytest.raises(OSError, match="larger than a recording may be"):
        _recording(_output()).save(tmp_path / "web1")
    assert not (tmp_path / "web1/recording.json").exists()


def test_carried_output_is_redacted_too(tmp_path: Path) -> None:
    """The raw output of the script is read like a target's own answer, at the time that it tells."""
    path = tmp_path / "web1.txt"
    path.write_bytes(b"Last login: today\n" + _output())
    loaded = Recording.load(path, PROBES)
    assert "geheim" not in repr(loaded.answers)
    assert loaded.gathered > 1e9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            (text, "neither a recording")
            for text in ("hello", "{}", '{"schema": "other"}', '{"schema": "x"', "[" * 100)
        ),
        *((text, "empty: whatever asked this host brought no answer") for text in ("", " \r\n")),
        (None, "No such file"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, text: str | None, said: str) -> None:
    """The message names the file; an empty one is left by a tool that could not ask."""
    path = tmp_path / "recording.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RecordingError, match=f"{path}: {said}"):
        Recording.load(path, PROBES)


_ANSWER = {"name": "plain", "status": 0, "stdout": "", "stderr": ""}
_DAMAGED: dict[str, dict[str, object]] = {
    r"Expected `str`, got `null` - at `$.target`": {"target": None},
    r"Expected `float` >= 0.0 - at `$.asked`": {"asked": -1},
    r"Expected `float` <= 32503680000.0 - at `$.gathered`": {"gathered": 1e12},
    "it has no list of answers with names": {"answers": ...},
    "Object contains unknown field `more`": {"more": 1},
    "Object contains unknown field `more` - at `$.answers[...]`": {"answers": [{**_ANSWER, "more": 1}]},
    "it has two answers to a probe": {"answers": [_ANSWER, {**_ANSWER, "status": 1}]},
    "Object missing required field `status` - at `$.answers[...]`": {"answers": [_ANSWER, {"name": "x"}]},
    "Expected `int`, got `bool` - at `$.answers[...].status`": {"answers": [{**_ANSWER, "status": True}]},
}


def _document(**changed: object) -> str:
    whole = {"schema": "hullcheck/recording/3", "target": "web1", "backend": "ssh", "answers": [_ANSWER]}
    return json.dumps({key: each for key, each in {**whole, **changed}.items() if each is not ...})


@pytest.mark.parametrize(("said", "changed"), _DAMAGED.items())
def test_field_of_another_type(tmp_path: Path, said: str, changed: dict[str, object]) -> None:
    """A recording is checked when it is read, so that nothing that judges meets a field of another type."""
    path = tmp_path / "recording.json"
    path.write_text(_document())
    assert Recording.load(tmp_path, PROBES).text(PLAIN) == ""
    path.write_text(_document(**changed))
    with pytest.raises(RecordingError) as raised:
        Recording.load(tmp_path, PROBES)
    assert str(raised.value) == f"{path}: damaged: {said}; gather again"


@pytest.mark.parametrize(
    "text",
    [
        _document(gathered=float("nan")),
        _document(gathered=float("inf")),
        _document().replace('"ssh"', '"ssh", "backend": "local"'),
        _document().replace('"status": 0', '"status": 1, "status": 0'),
        "[" * 10_000,
    ],
)
def test_json_with_two_meanings(tmp_path: Path, text: str) -> None:
    """Keys that are there twice and numbers that are none are in no recording, for readers of JSON differ on them."""
    (tmp_path / "recording.json").write_text(text)
    with pytest.raises(RecordingError, match=r"damaged: it has a (key twice|number that is none)|it is nested deeper"):
        Recording.load(tmp_path, PROBES)


def _told(clock: str, asked: float = 1e9) -> Recording:
    probe = Probe("host", f"echo --clock; echo '{clock}'; echo --end")
    output = subprocess.run(["sh", "-c", render([probe])], capture_output=True, check=True, text=True).stdout
    return Recording.from_output(output, (probe,), target="web1", backend="ssh", asked=asked)


def test_both_clocks_are_kept(tmp_path: Path) -> None:
    """Ages go by the target's clock; what ends on a day by the later of both, also when it is read again."""
    recording = _told("900000000")
    assert (recording.now, recording.asked, recording.times) == (9e8, 1e9, (9e8, 1e9))
    recording.save(tmp_path)
    assert Recording.load(tmp_path, ()).times == (9e8, 1e9)
    assert Recording.load(tmp_path, ()).clock_note.startswith("its clock is 1157 d 9 h behind the auditor's;")


@pytest.mark.parametrize("clock", ["999999999999", "", "0", "99999999999999"])
def test_clock_that_tells_no_time(clock: str) -> None:
    """The auditor's clock counts, which is said; where that is not known either, nothing has an age."""
    recording = _told(clock)
    assert (recording.now, recording.times) == (1e9, (1e9, 1e9))
    assert recording.clock_note == "it gave no time, and is judged by the auditor's clock"
    carried = _told(clock, asked=0.0)
    assert carried.clock_note == "it gave no time: what depends on a date is an error"
    for read in (lambda: carried.now, lambda: carried.known_times):
        with pytest.raises(EvidenceError, match="has no time"):
            read()


def test_small_skew_is_not_worth_a_word() -> None:
    """Five minutes are a slow login; carried answers have nothing to compare with."""
    assert _told("1000000300").clock_note == ""
    assert _told("1000000301").clock_note.startswith("its clock is 5 min ahead of the auditor's;")
    assert _told("1000000301", asked=0.0).clock_note == ""


def test_cut_off_output_has_a_reason() -> None:
    """Half an answer is none: everything asked of it raises."""
    recording = _recording(_output()[:-20])
    with pytest.raises(EvidenceError, match="cut off"):
        recording.text(PLAIN)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "no answer to the probe plain"),
        (Answer("plain", 124, "", ""), "did not answer in time; "),
        (Answer("plain", 124, "", "x\n\ndid not end"), "in time; --probe-timeout"),
        (Answer("plain", 124, "", "not asked: why"), r"in time \(not asked: why\); --probe-timeout"),
        (Answer("plain", 1, "x", "permission denied\nmore"), "plain: permission denied"),
        (Answer("plain", 7, "x", ""), "plain: exit status 7"),
    ],
)
def test_missing_evidence_is_never_empty_evidence(answer: Answer | None, said: str) -> None:
    """A probe that failed raises and does not read as nothing."""
    recording = Recording("web1", "ssh", {answer.name: answer} if answer else {})
    with pytest.raises(EvidenceError, match=said):
        recording.text(PLAIN)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"Name": geheim}'])
def test_what_cannot_be_redacted_is_dropped(text: str) -> None:
    """An answer that is not what was asked for is not stored, because nobody knows what is in it."""
    recording = Recording.from_output(
        _output().decode("utf-8", "surrogateescape").replace('{"Name":"web","Env":["PASSWORD=geheim"]}', text),
        (SECRETS,),
        target="web1",
        backend="ssh",
        asked=1.0,
    )
    assert text not in repr(recording.answers)
    assert recording.text(SECRETS).startswith("(dropped)")


def test_packed_in_a_bundle_and_loaded(tmp_path: Path) -> None:
    """The packed file is read as the plain one, by itself and in its folder, and holds no time or name."""
    recording = _recording(_output())
    content = recording.save(tmp_path).read_bytes()
    (tmp_path / "b").mkdir()
    (tmp_path / "b/recording.json.gz").write_bytes(packed(content))
    assert packed(content).startswith(b"\x1f\x8b\x08\0\0\0\0\0\x02\xff")
    assert gzip.decompress(packed(content)) == content
    for path in (tmp_path / "b", tmp_path / "b/recording.json.gz"):
        assert why_not_a_recording(path) == ""
        assert Recording.load(path, (PLAIN,)) == recording


@pytest.mark.parametrize("damage", [lambda whole: whole[:-4], lambda whole: whole + b"x", lambda whole: whole[:40]])
def test_packed_recording_that_is_damaged(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """What is cut off or goes on after its end is no recording."""
    path = tmp_path / "recording.json.gz"
    path.write_bytes(damage(packed(_recording(_output()).save(tmp_path).read_bytes())))
    with pytest.raises(RecordingError, match=r"recording.json.gz: damaged: it is cut off"):
        Recording.load(path, (PLAIN,))
