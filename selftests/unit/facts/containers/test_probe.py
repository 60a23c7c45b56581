"""What is kept of the answers about containers, and how it is read."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from hullcheck.facts import Facts
from hullcheck.facts.containers.inspect import SERVICE
from hullcheck.facts.containers.probe import CONTAINERS, ContainerFiles, published_ports
from hullcheck.policy import Policy
from hullcheck.recording import Recording
from hullcheck.recording.probe import TIMED_OUT, Answer
from hullcheck.secrets.redact import sections
from hullcheck.verdicts import EvidenceError
from selftests.kit.cases import recorded
from selftests.kit.judging import judged

ID = "ab" * 32


def kept(section: str, *lines: object) -> str:
    """What is kept of these lines, or documents."""
    shown = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    return sections(CONTAINERS.keep("\n".join([f"--{section}", *shown, "--end", ""])))[section]


def inspected(config: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """What is kept of a container."""
    given = {"Env": [], "Labels": None} | (config or {})
    document: dict[str, Any] = json.loads(kept("inspect", {"Id": ID, "Name": "/web", "Config": given, **fields}))
    return document


def test_volumes_that_are_kept() -> None:
    """The device stays, and names of mount options; their values go. API and command print them in two ways."""
    options = {"type": "cifs", "device": "/srv", "o": "rw,bind,password=x=y"}
    volume = {"Name": "v", "Driver": "local", "Options": options, "Labels": {"a": "b"}}
    for printed in ([volume], {"Volumes": [volume], "Warnings": None}):
        (found,) = json.loads(kept("volumes", printed))
        assert found == {"Name": "v", "Options": {"device": "/srv", "o": "rw,bind,password=***"}}


def test_no_secret_is_kept() -> None:
    """Variables, values of labels, log options, arguments and what is no document are dropped, and never stored."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": "s1", "syscalls": [{"names": ["s2"]}]}
    check = {"Test": ["CMD-SHELL", "db --password=abcDEF123x ping"]}
    log = {"Type": "x", "Config": {"token": "s5", "max-size": "1m"}}
    host = {"LogConfig": log, "SecurityOpt": ["label=user:u", f"seccomp={json.dumps(profile)}"]}
    config = {"Env": ["PASSWORD=hunter2zz", "OTHER=s3"], "Labels": {"a": "s4"}, "Healthcheck": check}
    mounts = [{"Type": "volume", "Destination": "data"}]
    command = {"Path": "/usr/sbin/sshd", "Args": ["-D", "dropbear", "s6"]}
    found = inspected(config, HostConfig=host, Mounts=mounts, **command)
    text = json.dumps(found)
    assert not [each for each in ("abcDEF", "hunter2", *(f'"s{number}"' for number in range(1, 7))) if each in text]
    assert found["Args"] == ["sshd"]
    assert found["Mounts"] == [{"Type": "volume", "Destination": "/data", "RW": True}]  # of `VOLUME data`
    assert found["HostConfig"]["LogConfig"]["Config"]["max-size"] == "1m"
    assert found["HostConfig"]["SecurityOpt"][1] == 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'
    assert found["Secrets"] == [
        {"Place": "variable", "Kind": "a value given to PASSWORD", "Name": "PASSWORD"},
        {"Place": "command", "Kind": "a value given to password", "Name": ""},
    ]
    assert kept("inspect", "garbage hunter2", '["hunter2"]') == ""


def test_what_is_not_searched_has_no_secrets() -> None:
    """It is no proof that there is none."""
    assert "Secrets" not in json.loads(kept("inspect", {"Id": ID, "Name": "/web", "Config": {"Env": []}}))


def test_labels_that_are_kept() -> None:
    """Their names, for --label; the values of those alone that hold names, for others may be secrets."""
    named = {"com.docker.compose.project": "shop", SERVICE: "s1"}
    assert inspected({"Labels": named | {"users": "bob:hunter2"}})["Config"]["Labels"] == named | {"users": None}


def test_published_ports() -> None:
    """The ports that the engine publishes, for whom wants to know before containers are judged."""
    ports = {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "10.0.0.1", "HostPort": "81"}, {"HostPort": ""}],
        "81/tcp": None,
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }
    described = [
        {"Id": "1" * 64, "Name": "/x", "NetworkSettings": {"Ports": ports}},
        {"Id": "2" * 64, "Name": "/y", "NetworkSettings": {"Ports": None}},
    ]
    text = f"--inspect\n{kept('inspect', *described)}\n--end\n"
    made = Answer(CONTAINERS.name, 0, text, "")
    assert published_ports(Recording("local", "local", {made.name: made})) == {("", 8080), ("10.0.0.1", 81)}
    assert published_ports(Recording("local", "local", {})) == frozenset()


def test_lines_of_proc_are_sorted_by_their_shape() -> None:
    """What is in a line forges no other."""
    lines = ["7/mountinfo:a", "7/mountinfo:l b -> c", "7/fd/3 socket:[1]", "7/fd/4 socket:[2]x", "mounted /a"]
    found = ContainerFiles.parse(lines, ["real /a\t/b", "socket 1:2 3 /c"])
    assert found.lines == {"7/mountinfo": ["a", "l b -> c"], "7/fd/4 socket": ["[2]x"]}
    assert (found.sockets, found.real, found.identities) == ({7: {"1"}}, {"/a": "/b"}, {"/c": "1:2"})
    assert found.mounted == ("/a",)


# ---- all containers


def changed(*pairs: tuple[str, str]) -> Facts:
    """A recorded host, with other texts in what it says of containers."""
    recording = recorded("userns-26.1")
    answer = recording.answers[CONTAINERS.name]
    for old, new in pairs:
        assert old in answer.stdout
        answer = replace(answer, stdout=answer.stdout.replace(old, new, 1))
    return Facts(replace(recording, answers={**recording.answers, answer.name: answer}), Policy())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Privileged":false', '"Privileged":null'),
        ('"Memory":0', '"Memory":-1'),
        ('"IpcMode":"private"', '"IpcMode":"hots"'),
        ('"RestartPolicy":{"Name":"no"', '"RestartPolicy":{"Nome":"no"'),
        ('"CapAdd":null', '"CapAdd":[["ALL"]]'),
    ],
)
def test_damaged_description(old: str, new: str) -> None:
    """A container whose description is not what the engine writes is one error, which names the field."""
    found = judged("5.5", changed((old, new)))
    (reason,) = (reason for verdict, reason in found.values() if verdict == "error")
    field = old.split('"')[1]
    assert f"$.HostConfig.{field}" in reason


def test_container_that_was_removed_meanwhile() -> None:
    """Between the list and the description a container may go; else it is an error."""
    listed = ("--listed\n", f"--listed\n{ID}\n")
    found = judged("5.5", changed(listed))
    assert found.pop(ID[:12]) == ("error", "the engine lists it but does not describe it")
    for text in ('{"message":"No such container: %s"}', "Error: No such container: %s"):
        gone = kept("inspect", text % ID)
        assert judged("5.5", changed(listed, ("--inspect\n", f"--inspect\n{gone}\n"))) == found
    assert [*found] == sorted(found)


def test_answer_that_was_ended_in_time() -> None:
    """What the engine said of containers counts, if only their files took too long; what needs these is an error."""
    recording = recorded("careless-26.1")
    answer = recording.answers[CONTAINERS.name]
    begun = CONTAINERS.keep(answer.stdout.partition("\n--proc\n")[0] + "\n--proc\n100/mountinfo:1 2")
    late = replace(answer, status=TIMED_OUT, stdout=begun)
    known = Facts(replace(recording, answers={**recording.answers, late.name: late}), Policy())
    assert {verdict for verdict, _ in judged("5.5", known).values()} == {"pass", "fail"}
    assert {verdict for verdict, _ in judged("5.11", known).values()} == {"error", "fail"}


def test_setting_that_is_not_reported() -> None:
    """It is an error, and not the default; a name that the engine does not have is an error of who wrote it."""
    found: Any = dict(changed(('"Privileged":false,', "")).container)
    settings = [each.host_config for each in found.values()]
    with pytest.raises(EvidenceError, match=r"does not report HostConfig\.Privileged"):
        _ = [each.privileged for each in settings]
    with pytest.raises(AttributeError, match="privilegd"):
        _ = settings[0].privilegd
