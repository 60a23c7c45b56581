"""The JSON log of docker-bench-security."""

import json

import pytest

from hullcheck.facts.images.reports import REPORTS
from hullcheck.parsing.docker_bench_log import LogError, parse
from selftests.unit.compare.test_compare import REAL

KNOWN = '{"dockerbenchsecurity": "1.6.0"'


def test_real_log() -> None:
    """A log that the tool wrote is read whole."""
    checks = {each.number: each for each in parse(REAL.read_text(), "a.json").checks}
    assert len(checks) == 22
    assert (checks["2.7"].result, checks["2.7"].details) == ("INFO", "Docker daemon not listening on TCP")


def test_single_checks_stand_without_a_section() -> None:
    """With `-c check_5_5` the tool writes no section."""
    only = {"id": "5.5", "desc": "Title", "result": "PASS"}
    log = parse(json.dumps({"dockerbenchsecurity": "1.6.0", "start": 1, "tests": [only]}), "a.json")
    assert [each.number for each in log.checks] == ["5.5"]
    assert (log.run.started, log.run.ended, log.run.sections) == (1, None, frozenset())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "a.json: cut off; let docker-bench-security run to its end"),
        ("[]", "a.json: not the JSON log of docker-bench-security"),
        ('{"a": "b"c"}', "a.json:1: not the JSON log of docker-bench-security, or a name in this line"),
        (f'{KNOWN[:-2]}1", "tests": []}}', "docker-bench-security 1.6.1 is not supported; supported: 1.6.0"),
        (f'{KNOWN}, "tests": [{{"id": 5}}]}}', "Expected `str`, got `int` - at `$[0].id`"),
    ],
)  # fmt: skip
def test_text_that_is_no_whole_log(text: str, words: str) -> None:
    """It is refused, and the message says why and where."""
    with pytest.raises(LogError) as caught:
        parse(text, "a.json")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [(REAL.read_text(), '"7.1":"PASS"'), ('{"secret', '"Fault":"cut off"'), ('{"secret"}', "not the JSON log of")],
)
def test_what_is_kept(text: str, words: str) -> None:
    """Of a log numbers and results, and of one that is none not a word."""
    lines = "".join(f":{line}\n" for line in text.split("\n"))
    kept = REPORTS.keep(f"--bench\nasked:/a.json\nthere:\n{lines}--end\n")
    assert words in kept
    assert not any(each in kept for each in ("secret", "quirky_euler"))
