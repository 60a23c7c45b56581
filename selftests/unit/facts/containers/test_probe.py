"""What is kept of the answer about containers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hullcheck.facts.containers.inspect import Volume
from hullcheck.facts.containers.probe import CONTAINERS, published_ports
from hullcheck.parsing.models import decode
from hullcheck.recording import Recording
from hullcheck.secrets.redact import sections
from selftests.kit.facts.container_host import ContainerHost
from selftests.kit.facts.containers import answer, containers


def _kept(**fields: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sections(containers(fields))["inspect"])
    return document


def test_options_that_are_kept() -> None:
    """Of a seccomp profile stays its default action, and nothing of what is no profile; other options stay."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "x": "a=b", "syscalls": [{"names": ["read"]}]}
    options = ["label=user:u", f"seccomp={json.dumps(profile)}", "seccomp=unconfined"]
    kept = _kept(SecurityOpt=options)["HostConfig"]["SecurityOpt"]
    assert kept == [options[0], 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}', options[2]]


def test_volumes_that_are_kept() -> None:
    """The device stays, and names of mount options; their values go. API and command print them in two ways."""
    options = {"type": "cifs", "device": "/srv", "o": "rw,bind,password=x=y"}
    volume = {"Name": "v", "Driver": "local", "Options": options, "Labels": {"a": "b"}}
    for printed in ([volume], {"Volumes": [volume], "Warnings": None}):
        text = CONTAINERS.keep(f"--volumes\n{json.dumps(printed, indent=1)}\n--end\n")
        (kept,) = decode(sections(text)["volumes"], list[Volume], "volumes")
        assert kept.options
        assert (kept.name, kept.options.device, kept.options.o) == ("v", "/srv", "rw,bind,password=***")


def test_probe_keeps_no_secret() -> None:
    """Variables, values of labels, log options, arguments and what is no document are dropped, and never stored."""
    text = containers(
        {
            "Env": ["PASSWORD=x1"],
            "Labels": {"a": "x2"},
            "LogConfig": {"Type": "x", "Config": {"token": "x3"}},
            "SecurityOpt": ['seccomp={"defaultAction":"A","syscalls":["x4"]}'],
            "Args": ["/usr/sbin/sshd", "-D", "dropbear", "x5"],
        },
        more=["garbage x6", '["x7"]'],
    )
    assert not [each for each in ("x1", "x2", "x3", "x4", "x5", "x6", "x7") if each in text]
    assert json.loads(sections(text)["inspect"].split("\n")[0])["Args"] == ["dropbear", "sshd"]


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


def test_labels_that_are_kept() -> None:
    """Their names, for --label; the values of those alone that hold names, for others may be secrets."""

    def kept(labels: Mapping[str, str] | None) -> Mapping[str, str | None]:
        found: Mapping[str, str | None] = _kept(Env=[], Labels=labels)["Config"]["Labels"] or {}
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
    world.description["Healthcheck"] = {"Test": ["CMD-SHELL", "db --password=abcDEF123x ping"]}
    verdict, reason = world.judge(control)
    assert (verdict, "abcDEF123x" in reason) == ("fail", False)
