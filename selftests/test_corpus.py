"""The recorded hosts: each verdict is the one in the table, and each ordinary mistake fails beside a twin that passes.

`--update` writes the table again. Read its diff: every line of it is a verdict that changed.
"""

import ipaddress
import json
import re
from functools import cache

import pytest

from hullcheck import frameworks
from hullcheck.frameworks import rollup
from hullcheck.results import Result
from hullcheck.verdicts import Verdict, worst
from selftests import REPOSITORY
from selftests.corpus import judged
from selftests.corpus.description import descriptions
from selftests.corpus.mistakes import MISTAKES, Mistake
from selftests.kit.judging import controls

LARGEST = 4_000_000  # bytes of all recordings
SHOWN = 60  # differences
# What runs on a host of the corpus; all else would be of the machine on which it was recorded.
PROGRAMS = re.compile(
    r"\(sd-pam\)|agetty|bash|busybox|containerd(-shim)?(-runc-v2)?|dbus-daemon|docker(-init|-proxy|d)?|exe|httpd|nc|perl"
    r"|readers.pl|rootlesskit(-doc)?|runc(\.real|:\[2:INIT\])?|sh|sleep|slirp4netns|sshd(-session|-auth)?|systemd(-.+)?"
    # of the script that asks
    r"|awk|cat|cut|dd|grep|head|ls|mawk|setsid|readlink|sed|sort|ss|stat|systemctl|tail|timeout|tr|xargs"
)
# The networks of the laboratory, of Docker and its swarms, and one for examples; the machine's own lies elsewhere.
NETWORKS = [
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "127.0.0.0/8", "255.255.255.255/32", "224.0.0.0/4", "198.51.100.0/24"),
        *("10.0.0.0/16", "10.216.0.0/14", "172.16.0.0/12"),
    )
]
ADDRESS = re.compile(r"(?<![\d.+~-])(?:\d{1,3}\.){3}\d{1,3}(?![\d.-])")


@cache
def found() -> tuple[judged.Verdicts, dict[tuple[str, str, str], str]]:
    """Verdicts and reasons of all recordings."""
    return judged.verdicts()


def test_verdicts_are_those_of_the_table(request: pytest.FixtureRequest) -> None:
    """No verdict changes unseen."""
    verdicts, reasons = found()
    if request.config.getoption("--update"):
        judged.TABLE.write_text(judged.written(verdicts))
    expected = judged.expected(verdicts)
    changed = [
        f"{' '.join(place)}: {expected.get(place)} -> {verdicts.get(place)} {reasons.get(place, '')}"
        for place in sorted(expected.keys() | verdicts.keys())
        if expected.get(place) != verdicts.get(place)
    ]
    rest = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    assert not changed, "\n".join(["verdicts changed (--update takes them over):", *changed[:SHOWN], *rest])
    assert judged.TABLE.read_text() == judged.written(verdicts)


def test_every_alarm_on_an_ordinary_host_has_a_reason() -> None:
    """The table says why each failure and manual check on the hosts of ordinary administrators stands."""
    verdicts, _ = found()
    wanted = {
        (control, judged.family(host), verdict)
        for (control, host, _), verdict in verdicts.items()
        if judged.family(host) in judged.ORDINARY and verdict in ("fail", "manual")
    }
    assert wanted == set(judged.whys())
    errors = [place for place, verdict in verdicts.items() if verdict == "error"]
    assert [place for place in errors if judged.family(place[1]) in judged.ORDINARY] == []


@pytest.mark.parametrize("engine", ["20.10", "26.1", "28.5"])
def test_guide_passes_the_baseline(engine: str) -> None:
    """A host that was hardened by a popular guide passes 90 % and more of the baseline."""
    verdicts, _ = found()
    known = frameworks.load(REPOSITORY / frameworks.FILE)
    levels = {
        mark.args[0]: mark.kwargs["level"] for each in controls() for mark in each.pytestmark if mark.name == "cis"
    }
    here: dict[str, list[Verdict]] = {}
    for (control, host, _), verdict in verdicts.items():
        if host == f"guide-{engine}" and known.in_baseline([control], levels.get(control)):
            here.setdefault(control, []).append(Verdict(verdict))
    results = {control: Result(control, host, worst(each), "", ()) for control, each in here.items()}
    score = rollup.scores({control: {"baseline": [control]} for control in here}, results)["baseline"]
    assert score.percent >= 90, score


def test_every_pass_has_a_reason() -> None:
    """A pass says what was seen."""
    verdicts, reasons = found()
    assert [place for place, verdict in verdicts.items() if verdict == "pass" and not reasons[place]] == []


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_mistake_fails_and_its_twin_passes(mistake: Mistake) -> None:
    """What the index calls a mistake fails, and what differs from it in that alone does not."""
    verdicts, _ = found()
    assert {place: verdicts.get(place) for place in mistake.fails} == dict.fromkeys(mistake.fails, "fail")
    wanted = "manual" if mistake.manual else "pass"
    assert {place: verdicts.get(place) for place in mistake.twins} == dict.fromkeys(mistake.twins, wanted)


def test_every_host_is_recorded_as_it_is_described() -> None:
    """A host that is described otherwise has to be recorded again, and all recordings together stay small."""
    assert json.loads(judged.BUILT.read_text()) == {each.name: each.digest for each in descriptions().values()}
    files = sorted(judged.RECORDINGS.iterdir())
    assert {each.name.removesuffix(".json.gz") for each in files} == set(descriptions())
    assert sum(each.stat().st_size for each in files) < LARGEST


@pytest.mark.parametrize("host", descriptions())
def test_recording_shows_nothing_of_the_machine(host: str) -> None:
    """Processes, names and addresses are the host's, and not of the machine on which it was recorded."""
    recording = judged.recording_of(host)
    if not descriptions()[host].kernel and (processes := recording.answers.get("processes")):
        names = re.findall(r"/status:Name:\t(.+)", processes.stdout)
        assert {name for name in names if not PROGRAMS.fullmatch(name)} == set()
    texts = [text for each in recording.answers.values() for text in (each.stdout, each.stderr)]
    addresses = {each for text in texts for each in ADDRESS.findall(text) if max(map(int, each.split("."))) < 256}
    foreign = [each for each in addresses if not any(ipaddress.ip_address(each) in net for net in NETWORKS)]
    assert foreign == []
