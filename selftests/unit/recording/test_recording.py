"""Recordings: redacted before anything is written, private, and read again as they were."""

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hullcheck.facts.engine.identity import MACHINE_ID, Identity
from hullcheck.recording import Recording, RecordingError, why_not_a_recording
from hullcheck.recording.packing import packed
from hullcheck.recording.probe import Answer, Probe
from hullcheck.recording.script import render
from hullcheck.secrets.redact import json_fields, json_lines
from hullcheck.verdicts import EvidenceError

SECRETS = Probe(
    "secrets", """printf '{"Name":"web","Env":["PASSWORD=geheim"]}'""", json_fields({"Name": True})
)
PLAIN = Probe("plain", r"printf 'a\377\000b'; echo 'to https://user:geheim@proxy' >&2")
CLOCK = Probe("clock", "date +%s")
PROBES = (SECRETS, PLAIN, CLOCK)


def _output() -> bytes:
    return subprocess.run(["sh", "-c", render(PROBES)], capture_output=True, check=True).stdout


def _recording(output: bytes) -> Recording:
    text = output.decode("utf-8", "surrogateescape")
    return Recording.from_output(text, PROBES, target="web1", backend="ssh", asked=1.0)


def test_saved_and_loaded(tmp_path: Path) -> None:
    """A recording that is read again is the same, bytes that are no text included."""
    recording = _recording(_output())
    recording.save(tmp_path / "web1")
    assert Recording.load(tmp_path / "web1", PROBES) == recording
    assert Recording.load(tmp_path / "web1/recording.json", PROBES) == recording
    assert recording.text(PLAIN) == "a\udcff\0b"


@pytest.mark.parametrize("stdout", ["", "a", "a\n", "a\n\nb\n", "a\nend plain 1"])
def test_answer_says_where_it_ends(stdout: str) -> None:
    """The last line of an answer says how many there are, and is no part of what was answered."""
    sealed = Answer("plain", 0, stdout, "").sealed()
    assert sealed.opened().stdout == stdout
    said = {"": "none", "a": "1 open", "a\n": "1", "a\n\nb\n": "2", "a\nend plain 1": "2 open"}[stdout]
    assert sealed.stdout.endswith(f"end plain {said}")


@pytest.mark.parametrize(
    "damaged", ["", "a\nb\n", "a\nend plain 2", "b\nend plain 2", "a\nb\nend plain", "a\nb\nend other 2"]
)
def test_answer_with_lost_lines_is_an_error(damaged: str, tmp_path: Path) -> None:
    """An answer that is empty, cut at either end, or has lost a line, is no evidence, also once written again."""
    answer = {"name": "plain", "status": 0, "stdout": damaged, "stderr": ""}
    (tmp_path / "recording.json").write_text(_document(answers=[answer]))
    for _ in range(2):
        recording = Recording.load(tmp_path, PROBES)
        for read in (recording.text, recording.part, recording.answer):
            with pytest.raises(EvidenceError, match="plain: the answer is damaged: record the target again"):
                read(PLAIN)
        recording.save(tmp_path)


def test_for_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else may read it, also where a file of that name was there before."""
    (tmp_path / "recording.json").write_text("{}")
    path = _recording(_output()).save(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_recording_that_could_not_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than what is read is not written: a run says so, and is not taken for whole."""
    monkeypatch.setattr("hullcheck.recording.LARGEST", 500)
    with pytest.raises(OSError, match="larger than a recording may be"):
        _recording(_output()).save(tmp_path / "web1")
    assert not (tmp_path / "web1/recording.json").exists()


def test_secrets_are_dropped_before_anything_is_written(tmp_path: Path) -> None:
    """What a probe does not keep, and passwords in error messages, are in no recording."""
    path = _recording(_output()).save(tmp_path)
    assert "geheim" not in json.dumps(json.loads(path.read_text())["answers"])
    assert json.loads(_recording(_output()).text(SECRETS)) == {"Name": "web"}


def test_carried_output_is_redacted_too(tmp_path: Path) -> None:
    """The raw output of the script is read like a target's own answer, at the time that it tells."""
    path = tmp_path / "web1.txt"
    path.write_bytes(b"Last login: today\n" + _output())
    loaded = Recording.load(path, PROBES)
    assert "geheim" not in repr(loaded.answers)
    assert loaded.gathered > 1e9


@pytest.mark.parametrize(
    "text",
    ["hello", "{}", "[]", '{"schema": "other"}', '{"schema": "hullcheck/recording/2"', "[" * 100],
)
def test_what_is_no_recording(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    path = tmp_path / "recording.json"
    path.write_text(text)
    with pytest.raises(RecordingError, match=f"{path}: neither a recording"):
        Recording.load(tmp_path, PROBES)


@pytest.mark.parametrize("text", ["", "\n", " \r\n"])
def test_empty_recording(tmp_path: Path, text: str) -> None:
    """A tool that could not ask a host leaves an empty file, which says just that."""
    path = tmp_path / "web1.txt"
    path.write_text(text)
    with pytest.raises(RecordingError, match=f"{path}: empty: whatever asked this host brought no answer"):
        Recording.load(path, PROBES)


_ANSWER = {"name": "plain", "status": 0, "stdout": "end plain none", "stderr": ""}
_DAMAGED = {
    "target is not a text": {"target": None},
    "backend is not a text": {"backend": 1},
    "failure is not a text": {"failure": ["x"]},
    "host_key is not a text": {"host_key": None},
    "gathered is not a time in seconds since 1970": {"gathered": "yesterday"},
    "it has no target": {"target": ...},
    "it has no answers": {"answers": ...},
    "it has a field that no recording has": {"more": 1},
    "commands is not a mapping from the names of probes to texts": {"commands": {"plain": 1}},
    "answers is not a list": {"answers": {"plain": _ANSWER}},
    "a probe has two answers": {"answers": [_ANSWER, {**_ANSWER, "status": 1}]},
    r"answers\[1\] is not a name, status, stdout and stderr": {"answers": [_ANSWER, {"name": "x"}]},
    r"answers\[0\] is not a name, status, stdout and stderr": {"answers": [{**_ANSWER, "more": ""}]},
    r"answers\[0\].name is not a text": {"answers": [{**_ANSWER, "name": 7}]},
    r"answers\[0\].stdout is not a text": {"answers": [{**_ANSWER, "stdout": None}]},
    r"answers\[0\].stderr is not a text": {"answers": [{**_ANSWER, "stderr": {}}]},
    r"answers\[0\].status is not an exit status": {"answers": [{**_ANSWER, "status": True}]},
}


def _document(**changed: object) -> str:
    whole = {"schema": "hullcheck/recording/2", "target": "web1", "backend": "ssh", "answers": [_ANSWER]}
    return json.dumps({key: each for key, each in {**whole, **changed}.items() if each is not ...})


@pytest.mark.parametrize(("said", "changed"), _DAMAGED.items())
def test_field_of_another_type(tmp_path: Path, said: str, changed: dict[str, object]) -> None:
    """A recording is checked when it is read, so that nothing that judges meets a field of another type."""
    path = tmp_path / "recording.json"
    path.write_text(_document())
    assert Recording.load(tmp_path, PROBES).text(PLAIN) == ""
    path.write_text(_document(**changed))
    with pytest.raises(RecordingError, match=f"^{path}: damaged: {said}; gather again$"):
        Recording.load(tmp_path, PROBES)


@pytest.mark.parametrize("gathered", [-1, 1e12, 999_999_999_999, True])
def test_time_that_is_none(tmp_path: Path, gathered: float) -> None:
    """A time that is no day of a calendar is damage, and breaks no control."""
    (tmp_path / "recording.json").write_text(_document(gathered=gathered))
    with pytest.raises(RecordingError, match="gathered is not a time"):
        Recording.load(tmp_path, PROBES)


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
    with pytest.raises(
        RecordingError, match=r"damaged: it has a (key twice|number that is none)|it is nested deeper"
    ):
        Recording.load(tmp_path, PROBES)


def test_missing_file(tmp_path: Path) -> None:
    """The message names the file and why."""
    with pytest.raises(RecordingError, match="No such file"):
        Recording.load(tmp_path / "missing", PROBES)


def _told(clock: str, asked: float = 1e9) -> Recording:
    probe = Probe("clock", f"echo '{clock}'")
    output = subprocess.run(["sh", "-c", render([probe])], capture_output=True, check=True, text=True).stdout
    return Recording.from_output(output, (probe,), target="web1", backend="ssh", asked=asked)


def test_both_clocks_are_kept(tmp_path: Path) -> None:
    """Ages go by the target's clock; what ends on a day by the later of both, also when it is read again."""
    recording = _told("900000000")
    assert (recording.now, recording.asked, recording.times) == (9e8, 1e9, (9e8, 1e9))
    recording.save(tmp_path)
    assert Recording.load(tmp_path, ()).times == (9e8, 1e9)
    assert Recording.load(tmp_path, ()).clock_note.startswith("its clock is 1157 d 9 h behind the auditor's;")


@pytest.mark.parametrize("clock", ["999999999999", "", "soon", "0", "-5", "99999999999999"])
def test_clock_that_tells_no_time(clock: str) -> None:
    """The auditor's clock counts, which is said; where that is not known either, nothing has an age."""
    recording = _told(clock)
    assert (recording.now, recording.times) == (1e9, (1e9, 1e9))
    assert recording.clock_note == "it gave no time, and is judged by the auditor's clock"
    carried = _told(clock, asked=0.0)
    assert carried.clock_note == "it gave no time: whatever depends on a date is an error"
    for read in (lambda: carried.now, lambda: carried.known_times):
        with pytest.raises(EvidenceError, match="does not tell its time"):
            read()


def test_small_skew_is_not_worth_a_word() -> None:
    """Five minutes are a slow login; carried answers have nothing to compare with."""
    assert _told("1000000300").clock_note == ""
    assert _told("1000000301").clock_note.startswith("its clock is 5 min ahead of the auditor's;")
    assert _told("1000000301", asked=0.0).clock_note == ""


def test_recording_without_the_clock_of_the_auditor(tmp_path: Path) -> None:
    """An answer that was carried here goes by the target's clock alone."""
    (tmp_path / "recording.json").write_text(_document(gathered=9e8))
    assert Recording.load(tmp_path, ()).times == (9e8, 9e8)


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
        (
            Answer("plain", 124, "", "x\ndid not end: nft\nKilled"),
            r"in time \(did not end: nft\); --probe-timeout",
        ),
        (Answer("plain", 124, "", "not asked: why"), r"in time \(not asked: why\); --probe-timeout"),
        (Answer("plain", 1, "x", "permission denied\nmore"), "plain: permission denied"),
        (Answer("plain", 7, "x", ""), "plain: exit status 7"),
        (Answer("plain", 0, '{"a": ', ""), "not JSON, or is cut off"),
        (Answer("plain", 0, "[" * 100_000, ""), "plain: the answer is nested deeper than 200 levels"),
        (Answer("plain", 0, "[[[[[[[[", ""), "not JSON, or is cut off"),
        (Answer("plain", 0, '{"a": true, "a": false}', ""), "plain: the answer has a key twice"),
        (Answer("plain", 0, '[{"b": {"a": 1, "\\u0061": 1}}]', ""), "plain: the answer has a key twice"),
        (Answer("plain", 0, '{"a": NaN}', ""), "plain: the answer has a number that is none, or is endless"),
        (Answer("plain", 0, "[-Infinity]", ""), "has a number that is none, or is endless"),
        (Answer("plain", 0, "[1e999]", ""), "has a number that is none, or is endless"),
        (Answer("plain", 0, "1" * 5000, ""), "plain: the answer has a number that is too long"),
    ],
)
def test_missing_evidence_is_never_empty_evidence(answer: Answer | None, said: str) -> None:
    """A probe that failed, or answered nonsense, raises and does not read as nothing."""
    recording = Recording("web1", "ssh", {answer.name: answer} if answer else {})
    with pytest.raises(EvidenceError, match=said):
        recording.json(PLAIN)


@pytest.mark.parametrize("text", ["no json", "[" * 100_000, '{"a": geheim}', "1" * 5000])
def test_what_cannot_be_redacted_is_dropped(text: str) -> None:
    """An answer that is not what was asked for is not stored, because nobody knows what is in it."""
    keep = json_fields({"a": True})
    recording = Recording.from_output(
        _output()
        .decode("utf-8", "surrogateescape")
        .replace('{"Name":"web","Env":["PASSWORD=geheim"]}', text),
        (Probe("secrets", SECRETS.script, keep),),
        target="web1",
        backend="ssh",
        asked=1.0,
    )
    assert text not in repr(recording.answers)
    with pytest.raises(EvidenceError):
        recording.json(SECRETS)


def test_json_with_two_meanings_is_not_redacted_to_one() -> None:
    """Of a carried answer with a key twice no half is kept, and what reads it refuses it."""
    twice = '{"a": true, "a": false}'
    assert json_fields({"a": True})(twice) == "(dropped)"
    assert json_lines({"a": True})(f'{{"a": 1}}\n{twice}') == '{"a":1}\n(dropped)'
    assert json_fields({"a": True})("no json") == ""


def test_fields_by_allow_list() -> None:
    """Only named fields stay; `*` names any; below a field that is not described nothing stays but null."""
    keep = json_lines({"a": True, "b": {"*": {"c": True}}, "d": {"e": True}})
    line = {"a": [1], "b": {"x": {"c": 1, "z": 2}}, "d": "text", "new": "secret"}
    kept, dropped = keep(f"{json.dumps(line)}\nnonsense\n").splitlines()
    assert json.loads(kept) == {"a": [1], "b": {"x": {"c": 1}}, "d": "(dropped)"}
    assert dropped == "(dropped)"


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


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-4], lambda whole: whole + b"x", lambda whole: whole[:40]]
)
def test_packed_recording_that_is_damaged(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """What is cut off or goes on after its end is no recording."""
    path = tmp_path / "recording.json.gz"
    path.write_bytes(damage(packed(_recording(_output()).save(tmp_path).read_bytes())))
    with pytest.raises(RecordingError, match=r"recording.json.gz: damaged: it is cut off"):
        Recording.load(path, (PLAIN,))


def _identity(*answers: Answer, backend: str = "ssh", host_key: str = "") -> Identity:
    return Identity.of(Recording("a", backend, {each.name: each for each in answers}, host_key=host_key))


def test_identity_of_a_target() -> None:
    """Machine and engine say their ids themselves; what was not answered is unknown and never empty."""
    number = "8a4b6c" + "0" * 26
    machine = Answer("machine_id", 0, f"{number}\n", "")
    engine = Answer("docker_info", 0, '{"ID": "7TRN:IPZB", "ServerVersion": "26"}', "")
    assert _identity(machine, engine, host_key="SHA256:x") == Identity(number, "7TRN:IPZB", "SHA256:x")
    silent = (Answer("machine_id", 1, "", "none"), Answer("docker_info", 0, '{"ServerVersion": "26"}', ""))
    assert _identity(*silent) == Identity("unknown", "unknown", "unknown")
    assert _identity(*silent, backend="local") == Identity("unknown", "unknown", "")


def test_only_the_number_of_a_machine_is_kept() -> None:
    """What else somebody wrote into that file is not stored."""
    assert MACHINE_ID.keep("a" * 32 + "\n") == "a" * 32 + "\n"
    assert MACHINE_ID.keep("geheim\n") == MACHINE_ID.keep("a" * 32 + "\npassword\n") == ""
