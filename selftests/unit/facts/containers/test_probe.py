"""What is kept of the answers about containers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.containers.inspect import Volume
from hullcheck.facts.containers.probe import CONTAINERS, published_ports
from hullcheck.facts.containers.probe import ContainerFiles
from hullcheck.parsing.models import decode
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT
from hullcheck.secrets.redact import sections
from selftests.corpus.judged import recording_of
from selftests.kit.facts.containers import answer, containers
from selftests.kit.judging import judged


def kept(**fields: Any) -> dict[str, Any]:
    """What is kept of a container with these fields."""
    document: dict[str, Any] = json.loads(sections(containers(fields))["inspect"].split("\n")[0])
    return document


def test_volumes_that_are_kept() -> None:
    """The device stays, and names of mount options; their values go. API and command print them in two ways."""
    options = {"type": "cifs", "device": "/srv", "o": "rw,bind,password=x=y"}
    volume = {"Name": "v", "Driver": "local", "Options": options, "Labels": {"a": "b"}}
    for printed in ([volume], {"Volumes": [volume], "Warnings": None}):
        text = CONTAINERS.keep(f"--volumes\n{json.dumps(printed, indent=1)}\n--end\n")
        (found,) = decode(sections(text)["volumes"], list[Volume], "volumes")
        assert found.options
        assert (found.name, found.options.device, found.options.o) == ("v", "/srv", "rw,bind,password=***")


def test_no_secret_is_kept() -> None:
    """Variables, values of labels, log options, arguments and what is no document are dropped, and never stored."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": "s1", "syscalls": [{"names": ["s2"]}]}
    fields = {
        "Env": ["PASSWORD=s3"],
        "Labels": {"a": "s4"},
        "LogConfig": {"Type": "x", "Config": {"token": "s5"}},
        "SecurityOpt": ["label=user:u", f"seccomp={json.dumps(profile)}"],
        "Path": "/usr/sbin/sshd",
        "Args": ["-D", "dropbear", "s6"],
        "Healthcheck": {"Test": ["CMD-SHELL", "db --password=abcDEF123x ping"]},
    }
    text = containers(fields, more=["garbage s7", '["s8"]'])
    assert not [
        each for each in ("abcDEF123x", *(f"s{number}" for number in range(1, 9))) if f'"{each}' in text
    ]
    assert "garbage" not in text
    found = kept(**fields)
    assert found["Args"] == ["dropbear", "sshd"]
    assert found["HostConfig"]["SecurityOpt"][1] == 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
    assert any("password" in each for each in found["Secrets"])


def test_published_ports() -> None:
    """The ports that the engine publishes, for whom wants to know before containers are judged."""
    ports = {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "10.0.0.1", "HostPort": "81"}],
        "81/tcp": None,
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }
    made = answer(*({"Id": str(number) * 64, "Ports": each} for number, each in enumerate((ports, None))))
    assert published_ports(Recording("local", "local", {made.name: made})) == {("", 8080), ("10.0.0.1", 81)}
    assert published_ports(Recording("local", "local", {})) == frozenset()


PROJECT = {"com.docker.compose.project": "shop"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({**PROJECT, "users": "bob:hunter2", "x" * 300: "long"}, {**PROJECT, "users": None}),
        (None, None),
        (
            {f"label{number:04}": "x" for number in range(1000)},
            {f"label{number:04}": None for number in range(100)},
        ),
    ],
)
def test_labels_that_are_kept(labels: dict[str, str] | None, expected: dict[str, str | None] | None) -> None:
    """Their names, for --label; the values of those alone that hold names, for others may be secrets."""
    assert kept(Env=[], Labels=labels)["Config"]["Labels"] == expected


def test_lines_of_proc_are_sorted_by_their_shape() -> None:
    """What is in a line forges no other."""
    text = "7/mountinfo:a\n7/mountinfo:l b -> c\n7/fd/3 socket:[1]\n7/fd/4 socket:[2]x"
    found = ContainerFiles.parse(text.split("\n"), ())
    assert found.lines["7/mountinfo"] == ("a", "l b -> c")
    assert found.sockets == {7: frozenset({"1"})}


def test_answer_that_was_ended_in_time() -> None:
    """What the engine said of containers counts, if only their files took too long; what needs these is an error."""
    recording = recording_of("careless-26.1")
    answer = recording.answers[CONTAINERS.name]
    begun = CONTAINERS.keep(answer.stdout.partition("\n--proc\n")[0] + "\n--proc\n100/mountinfo:1 2")
    late = replace(answer, status=TIMED_OUT, stdout=begun)
    known = Facts(replace(recording, answers={**recording.answers, late.name: late}), Policy())
    assert {verdict for verdict, _ in judged("5.5", known).values()} == {"pass", "fail"}
    assert {verdict for verdict, _ in judged("5.11", known).values()} == {"error", "fail"}
