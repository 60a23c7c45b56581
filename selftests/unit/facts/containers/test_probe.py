"""What is kept of the answer about containers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hullcheck.facts import PROBES
from hullcheck.facts.containers.probe import DOCKER_CONTAINERS, published_ports
from hullcheck.recording import Recording
from hullcheck.recording.probe import Answer
from selftests.kit.facts.container_host import (
    DESCRIPTION,
    ContainerHost,
)


def _kept(description: Mapping[str, Any]) -> dict[str, Any]:
    kept = DOCKER_CONTAINERS.keep(f"container {json.dumps(description)}\n--proc\n")
    document: dict[str, Any] = json.loads(kept.split("\n")[0].removeprefix("container "))
    return document


def test_options_that_are_kept() -> None:
    """Of a seccomp profile stays its default action, and nothing of what is no profile; other options stay."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": "a=b", "syscalls": [{"names": ["read"]}]}
    options = ["label=user:u", f"seccomp={json.dumps(profile)}", "seccomp=unconfined"]
    kept = _kept({"HostConfig": {"SecurityOpt": options}})["HostConfig"]["SecurityOpt"]
    assert kept == [options[0], 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', options[2]]


def test_options_of_volumes_that_are_kept() -> None:
    """The device stays, and names of mount options; their values go."""
    options = {"type": "cifs", "device": "/srv", "o": "rw,bind,password=x=y"}
    volume = {"Name": "v", "Driver": "local", "Options": options, "Labels": {"a": "b"}}
    kept = DOCKER_CONTAINERS.keep(f"volume {json.dumps(volume)}\n--proc\n").split("\n")
    told = options | {"o": "rw,bind,password=***"}
    assert json.loads(kept[0].removeprefix("volume ")) == {"Name": "v", "Driver": "local", "Options": told}


def test_lines_that_are_not_kept() -> None:
    """Of what is no description it stays that it was there."""
    text = 'container nonsense\ncontainer ["a"]\nother {"a": 1}\n--proc\n7/uid_map:y\n'
    assert DOCKER_CONTAINERS.keep(text) == "(dropped)\n(dropped)\n--proc\n7/uid_map:y\n"


def test_servers_among_arguments() -> None:
    """Of the arguments stay the names of SSH servers, each word for itself."""
    assert _kept({"Arguments": ["/usr/sbin/sshd", "-D", "dropbear"]})["Arguments"] == ["dropbear", "sshd"]


def test_probe_keeps_no_secret() -> None:
    """Environment, values of labels, log options and the rest of a profile are dropped, and never stored."""
    world = ContainerHost()
    world.description |= {"Env": ["PASSWORD=x1"], "Labels": {"a": "x2"}}
    world.config["LogConfig"] = {"Config": {"token": "x3"}}
    world.config["SecurityOpt"] = ['seccomp={"defaultAction":"A","syscalls":["x4"]}']
    text = DOCKER_CONTAINERS.keep(
        "\n".join(["a" * 64, "container " + json.dumps(world.description), "garbage x5", "--proc", ""])
    )
    assert not [each for each in ("x1", "x2", "x3", "x4", "x5") if each in text]
    assert '{\\"defaultAction\\":\\"A\\"}' in text
    assert DOCKER_CONTAINERS in PROBES


def test_published_ports() -> None:
    """The ports that the engine publishes, for whom wants to know before containers are judged."""
    name = "a b"
    ports = {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "10.0.0.1", "HostPort": "81"}],
        "81/tcp": None,
        "53/udp": [{"HostIp": "", "HostPort": "53"}],
    }
    described = {**DESCRIPTION, "Name": name, "HostConfig": {}, "Arguments": [], "Healthcheck": ""}
    lines = [
        "container " + json.dumps({**described, "Id": str(number) * 64, "Ports": each})
        for number, each in enumerate((ports, None))
    ]
    answer = Answer("docker_containers", 0, "\n".join([*lines, "--proc", ""]), "")
    found = published_ports(Recording("local", "local", {"docker_containers": answer}))
    assert found == {("", 8080), ("10.0.0.1", 81)}
    assert published_ports(Recording("local", "local", {})) == frozenset()


def test_labels_that_are_kept() -> None:
    """Their names, for --label; the values of those alone that hold names, for others may be secrets."""

    def kept(labels: Mapping[str, str] | None) -> Mapping[str, str | None]:
        found: Mapping[str, str | None] = _kept({"Id": "a", "Environment": [], "Labels": labels})["Labels"]
        return found

    project = {"com.docker.compose.project": "shop"}
    labels = {**project, "traefik.users": "bob:hunter2zz", "empty": "", "x" * 300: "long"}
    assert kept(labels) == {**project, "traefik.users": None, "empty": None}
    assert kept(None) == kept({}) == {}
    assert len(kept({f"label{number}": "x" for number in range(1000)})) == 100


def test_secret_in_the_command_of_a_health_check() -> None:
    """It is searched like the container's own command."""
    world = ContainerHost()
    control = "container_environment_holds_no_secret"
    assert world.judge(control)[0] == "pass"
    world.description["Healthcheck"] = ["CMD-SHELL", "db --password=abcDEF123x ping"]
    verdict, reason = world.judge(control)
    assert (verdict, "abcDEF123x" in reason) == ("fail", False)
