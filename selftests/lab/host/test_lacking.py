"""Programs that a host lacks, or that do not do their work: what only they could tell is an error."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullcheck.recording.probe import TIMED_OUT
from hullcheck.verdicts import EvidenceError
from selftests.kit.judging import facts_inside, facts_of_guest, judged
from selftests.lab import lacking

if TYPE_CHECKING:
    from hullcheck.facts import Facts
    from selftests.rig.engines.engine import Engine
    from selftests.rig.hosts.host import Host

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("number", ["4.6", "5.5"])
def test_docker_that_says_nothing(engine: Callable[..., Engine], tmp_path: Path, number: str) -> None:
    """It does not say that there is no container and no image: of an engine without any, the command tells."""
    one = engine()
    for script, expected in ((None, "not applicable"), (lacking.SILENT, "error")):
        instead = {} if script is None else {"docker": script}
        facts = lacking.facts_of_engine(one.socket, lacking.programs(tmp_path / "bin", instead), of=number)
        if number == "4.6" and script is None:
            one.docker("image", "rm", "--force", "bb:1")
            facts = lacking.facts_of_engine(one.socket, tmp_path / "bin", of=number)
        try:
            found = {verdict for verdict, _ in judged(number, facts).values()}
        except EvidenceError:
            found = {"error"}
        assert found == {expected}


LISTS_NOTHING = f"""case " $* " in *" ps "* | *" image ls "*) exit 0 ;; esac
exec {shutil.which("docker")} "$@"
"""


@pytest.mark.parametrize("number", ["4.6", "5.5"])
def test_docker_that_lists_nothing(engine: Callable[..., Engine], tmp_path: Path, number: str) -> None:
    """An empty list is held against what the engine counts."""
    one = engine()
    one.run("web")
    folder = lacking.programs(tmp_path / "bin", {"docker": LISTS_NOTHING})
    with pytest.raises(EvidenceError, match="docker info counts"):
        judged(number, lacking.facts_of_engine(one.socket, folder, of=number))
    one.docker("rm", "--force", "web")
    one.docker("image", "rm", "--force", "bb:1")
    found = judged(number, lacking.facts_of_engine(one.socket, folder, of=number)).values()
    assert {verdict for verdict, _ in found} == {"not applicable"}


def _broken(of: str, what: str) -> str:
    """A docker that answers one of its subcommands with a part of the answer."""
    real = shutil.which("docker")
    return f'case "$* " in "{of} "*) {real} "$@" | {what}; exit 0 ;; esac\nexec {real} "$@"'


def _verdicts(key: str, facts: Facts) -> dict[str, str]:
    try:
        return {subject: verdict for subject, (verdict, _) in judged(key, facts).items()}
    except EvidenceError as error:
        return {str(error)[:17]: "error"}


def test_docker_that_shows_a_part(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """What it leaves out of a list is missed: a proxy before the engine may show each user what is his alone."""
    one = engine(fresh=True)
    one.run("bad", "--privileged")
    one.run("good")
    containers = lacking.programs(tmp_path / "bin", {"docker": _broken("ps", "head -n 1")})
    facts = lacking.facts_of_engine(one.socket, containers, of="5.5")
    assert _verdicts("5.5", facts) == {"good": "pass", "(not listed)": "error"}
    whole = lacking.facts_of_engine(one.socket, lacking.programs(tmp_path / "bin", {}), of="5.5")
    assert _verdicts("5.5", whole) == {"good": "pass", "bad": "fail"}


def test_docker_that_describes_no_service(engine: Callable[..., Engine], tmp_path: Path) -> None:
    """Services that are listed and not described are no absence of services."""
    one = engine(fresh=True)
    one.docker("swarm", "init", "--advertise-addr", "127.0.0.1")
    one.docker("service", "create", "--detach", "--name", "svc", "--replicas", "0", "bb:1")
    folder = lacking.programs(tmp_path / "bin", {"docker": _broken("service inspect", "head -n 0")})
    key = "service_image_is_pinned"
    assert _verdicts(key, lacking.facts_of_engine(one.socket, folder, of=key)) == {
        "docker service in": "error"
    }
    one.docker("swarm", "leave", "--force")


def test_accounts_of_the_network(lab_host: Callable[..., Host]) -> None:
    """1.1.2: without getent nobody is asked for those that are in no file."""
    host = lab_host()
    host.exec("sed", "-i", "/^docker:/s/:[^:]*$/:/", "/etc/group")
    assert [verdict for verdict, _ in judged("1.1.2", facts_of_guest(host, of="1.1.2")).values()] == ["pass"]

    def without_getent() -> str:
        try:
            ((verdict, _),) = judged(
                "1.1.2", lacking.facts_of_guest(host, {"getent": None}, of="1.1.2")
            ).values()
        except EvidenceError:
            return "error"
        return verdict

    host.write("/etc/nsswitch.conf", "passwd: files systemd\ngroup: files systemd\n")
    assert without_getent() == "pass"
    host.write("/etc/nsswitch.conf", "passwd: files\ngroup: files sss\n")
    assert without_getent() == "error"


PIPES = (
    "mkdir -p /etc/docker; cd /etc/docker; rm -f daemon.json; mkfifo daemon.json /root/.bash_login /srv/pipe"
)


def test_pipes_in_the_place_of_files(lab_host: Callable[..., Host]) -> None:
    """A pipe to which nobody writes is not waited for: it could not be read."""
    host = lab_host()
    host.exec("sh", "-ec", PIPES)
    host.write("/srv/containerd", "#!/bin/sh\nread -r line <&3\n", 0o755)
    host.exec("sh", "-ec", "/srv/containerd --config /srv/pipe 3<>/srv/pipe >/dev/null 2>&1 &")
    facts = facts_of_guest(host, of="2.4 2.8 4.5")
    assert not {name for name, each in facts.recording.answers.items() if each.status == TIMED_OUT}
    ((verdict, reason),) = judged("2.4", facts).values()
    assert (verdict, "daemon.json" in reason) == ("error", True)


def test_audit_in_namespaces_of_its_own(lab_host: Callable[..., Host]) -> None:
    """What it sees there is not the host's: no other process, and a network that forwards nothing."""
    host = lab_host()
    for key, *way in (
        ("ipv4_forwarding_is_off_or_recorded", "unshare", "--net"),
        ("host_serves_containers_alone", "unshare", "--net", "--pid", "--fork", "--mount-proc"),
    ):
        facts = facts_inside(host, *way, of=key)
        assert set(_verdicts(key, facts).values()) == {"error"}
        assert set(_verdicts(key, facts_inside(host, of=key)).values()) <= {"pass", "fail", "manual"}
